#pragma once

/// Returns the name of the instruction set for which architecture.cpp is compiled.
const char* architecture_name();
