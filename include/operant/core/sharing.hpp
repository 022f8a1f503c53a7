#pragma once
/// \file
/// Decides when additional threads save time.

#include <algorithm>

namespace operant::detail {

/// Decides, from the times that runs of one kind take, whether helpers (see HelperThreads) take part in the next run.
///
/// Helpers can cost more time than they save. The system may give their core to another program during a task, and the caller
/// then waits milliseconds for that task. They may have to be woken up first. Cache lines that two cores write move from cache
/// to cache. So this class adds up the time that helpers save. When the sum becomes a loss, the caller runs alone for a
/// multiple of that loss and then tries helpers again. Each failure doubles the multiple, so that in the end the attempts cost
/// less than a hundredth of the time. The multiple is reset when the loss is a small part of the time since helpers were
/// tried. All times are in seconds.
class Sharing {
public:
    /// Returns true if helpers take part in the next run.
    bool pays() const { return alone_for_ <= 0; }

    /// Counts a run without helpers. Returns true if it has to be timed; most short runs do not.
    bool is_timed() { return ++untimed_ >= (reference_ < short_run ? runs_per_time : 1); }

    /// Notes the duration of a timed run without helpers.
    void ran_alone(double seconds) {
        alone_for_ -= seconds * untimed_;
        reference_ += reference_ == 0 ? seconds : (std::min(seconds, 2 * reference_) - reference_) / 8;
        untimed_ = 0;
    }

    /// Notes a run with helpers.
    /// \param seconds the duration
    /// \param alone the estimated duration without helpers, from the tasks that the caller ran itself
    void ran_shared(double seconds, double alone) {
        shared_for_ += seconds;
        if (seconds < short_run) {
            if (reference_ != 0) alone = std::min(alone, reference_);
            look_alone(seconds, alone);
        }
        saved_ += worthwhile * alone - seconds - saved_ * std::min(seconds / memory, 1.0);
        if (saved_ < -tolerated_loss) pause(-saved_);
    }

    static constexpr double tolerated_loss = 1e-3;   ///< the loss that waking the helpers up may cause
    static constexpr double memory = 0.02;           ///< the time after which savings hardly count any more
    static constexpr double worthwhile = 0.95;       ///< a run with helpers must be shorter than this part of a run alone
    static constexpr double small_part = 0.02;       ///< the largest part of the time that is a small loss
    static constexpr double first_multiple = 2;      ///< the first pause, as a multiple of the loss
    static constexpr double largest_multiple = 128;  ///< the longest pause, as a multiple of the loss
    static constexpr double longest_pause = 1;       ///< the limit of a pause, in case the process was stopped during a run
    static constexpr double short_run = 2e-4;        ///< the duration below which moving data between cores matters
    static constexpr int runs_per_time = 8;          ///< one of so many short runs alone is timed

private:
    void pause(double loss) {
        multiple_ = loss < small_part * shared_for_ ? first_multiple : std::min(2 * multiple_, largest_multiple);
        alone_for_ = std::min(multiple_ * loss, longest_pause);
        shared_for_ = saved_ = unlooked_for_ = 0;
    }

    /// Lets the caller make a few short runs alone, soon at first and then every second, to time them. Shared runs do not give
    /// this time, because the caller's own tasks take longer while data moves to other cores.
    void look_alone(double seconds, double alone) {
        constexpr double first_look = 1e-3, interval = 1;
        unlooked_for_ += seconds;
        if (unlooked_for_ < (reference_ == 0 ? first_look : interval)) return;
        unlooked_for_ = 0;
        alone_for_ = 4 * runs_per_time * alone;
    }

    double alone_for_ = 0;     // the time until helpers are tried again
    double reference_ = 0;     // the duration of a run without helpers; 0 if it is not known
    double shared_for_ = 0;    // the time that runs with helpers took since helpers were tried again
    double unlooked_for_ = 0;  // the time that short runs with helpers took since the caller ran alone
    double saved_ = 0;         // the time saved since helpers were tried again
    double multiple_ = first_multiple / 2;
    int untimed_ = 0;  // the number of runs alone since one was timed
};

}  // namespace operant::detail
