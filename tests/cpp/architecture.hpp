#pragma once

/// Whether this processor has the instruction set that architecture.cpp was compiled for.
bool is_supported();
const char* architecture_name();
