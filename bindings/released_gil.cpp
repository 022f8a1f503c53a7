#include "released_gil.hpp"

#include <atomic>
#include <thread>

namespace nb = nanobind;

namespace operant::bindings {
namespace {

// Only the thread that holds the GIL changes these; on free-threaded Python, any thread does.
std::atomic<int> threads_out = 0;
std::atomic<bool> exiting = false;

void add_to_threads_out(int change) {
#ifdef Py_GIL_DISABLED
    threads_out.fetch_add(change);
#else
    threads_out.store(threads_out.load(std::memory_order_relaxed) + change, std::memory_order_relaxed);
#endif
}

void wait_for_threads() {
    exiting = true;
    while (threads_out != 0) {
        const nb::gil_scoped_release release;
        std::this_thread::yield();
    }
}

}  // namespace

ReleasedGil::ReleasedGil() {
    add_to_threads_out(1);
    if (exiting)
        add_to_threads_out(-1);
    else
        thread_ = PyEval_SaveThread();
}

ReleasedGil::~ReleasedGil() {
    if (!thread_) return;
    PyEval_RestoreThread(thread_);
    add_to_threads_out(-1);
}

void ReleasedGil::prepare_exit() {
    nb::module_::import_("atexit").attr("register")(nb::cpp_function(&wait_for_threads));
    const nb::module_ os = nb::module_::import_("os");
    if (nb::hasattr(os, "register_at_fork")) {
        nb::dict callbacks;
        callbacks["after_in_child"] = nb::cpp_function([] { threads_out = 0; });  // the other threads exist only in the parent
        os.attr("register_at_fork")(**callbacks);
    }
}

}  // namespace operant::bindings
