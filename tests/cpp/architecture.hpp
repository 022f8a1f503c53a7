#pragma once

/// Returns true if this processor has the instruction set of architecture.cpp.
bool is_supported();
const char* architecture_name();
