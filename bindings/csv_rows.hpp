#pragma once
/// \file
/// Rows of numbers as text, for `operant.utils.Logger`.

#include <nanobind/nanobind.h>

namespace operant::bindings {

/// Moves rows into text. It has the shortest decimal numbers that read back as the same floats, as Python's repr has, and
/// takes a seventh of repr's time. A signal's handler, which may raise, cannot run half-way.
///
/// \param rows list of tuples (timestamp, total_steps, steps_per_second, metrics), the last a dict of floats and ints;
///        is emptied
/// \param names tuple of the metrics that have a column; where a row lacks one, its cell is empty
/// \param text list that gets a tuple (number of names, lines as bytes)
void move_csv_rows(nanobind::list rows, const nanobind::tuple& names, nanobind::list text);

}  // namespace operant::bindings
