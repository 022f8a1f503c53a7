#include "step_method.hpp"

#include <cstddef>
#include <exception>
#include <utility>

#include <structmember.h>

#include "engine_binding.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace operant::bindings {
namespace {

// A Python function between the caller and the core would take a fifth of the time of a step of one env. The core's own
// method cannot replace it as an attribute of the environment: it has no signature, cannot be pickled, and would hide a `step`
// that is patched into the class.
struct StepMethod {
    PyObject_HEAD
    vectorcallfunc call;
    PyObject* function;    ///< the Python function, called in all cases that are not handled here
    PyObject* attributes;  ///< its `__dict__`
};

PyObject* core_type;       // the Python type of EngineBinding
PyObject* method_type;     // types.MethodType; the limited API has no PyMethod_New
PyObject* core_attribute;  // the attribute with the core, or with None if `function` has to make the step
PyObject* raise_pending;   // a function that raises `pending` in Python; the module keeps it alive
thread_local std::exception_ptr pending;

StepMethod* method(PyObject* self) { return reinterpret_cast<StepMethod*>(self); }

PyObject* step(EngineBinding* core, PyObject* actions) {
    try {
        return core->step(actions).release().ptr();
    } catch (...) {
        pending = std::current_exception();
    }
    return PyObject_CallNoArgs(raise_pending);
}

PyObject* call(PyObject* self, PyObject* const* arguments, std::size_t flags, PyObject* keywords) {
    if (PyVectorcall_NARGS(flags) == 2 && !keywords) {
        PyObject* core = PyObject_GenericGetAttr(arguments[0], core_attribute);
        if (!core) return nullptr;
        if (reinterpret_cast<PyObject*>(Py_TYPE(core)) == core_type) {
            PyObject* result = step(nb::inst_ptr<EngineBinding>(core), arguments[1]);
            Py_DECREF(core);
            return result;
        }
        Py_DECREF(core);
    }
    return PyObject_Vectorcall(method(self)->function, arguments, flags, keywords);
}

/// Binds the method to an environment, as a function would be bound.
PyObject* get(PyObject* self, PyObject* env, PyObject*) {
    return env && env != Py_None ? PyObject_CallFunctionObjArgs(method_type, self, env, nullptr) : Py_NewRef(self);
}

int traverse(PyObject* self, visitproc visit, void* arg) {
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(method(self)->function);
    Py_VISIT(method(self)->attributes);
    return 0;
}

int clear(PyObject* self) {
    Py_CLEAR(method(self)->function);
    Py_CLEAR(method(self)->attributes);
    return 0;
}

void deallocate(PyObject* self) {
    PyObject_GC_UnTrack(self);
    clear(self);
    PyTypeObject* type = Py_TYPE(self);
    PyObject_GC_Del(self);
    Py_DECREF(type);
}

PyTypeObject* make_type() {
    static PyMemberDef members[] = {
        {"__vectorcalloffset__", T_PYSSIZET, offsetof(StepMethod, call), READONLY, nullptr},
        {"__dictoffset__", T_PYSSIZET, offsetof(StepMethod, attributes), READONLY, nullptr},
        {},
    };
    static PyGetSetDef properties[] = {{"__dict__", PyObject_GenericGetDict, nullptr, nullptr, nullptr}, {}};
    static PyType_Slot slots[] = {
        {Py_tp_members, members},
        {Py_tp_getset, properties},
        {Py_tp_call, reinterpret_cast<void*>(PyVectorcall_Call)},
        {Py_tp_descr_get, reinterpret_cast<void*>(get)},
        {Py_tp_traverse, reinterpret_cast<void*>(traverse)},
        {Py_tp_clear, reinterpret_cast<void*>(clear)},
        {Py_tp_dealloc, reinterpret_cast<void*>(deallocate)},
        {},
    };
    static PyType_Spec spec{
        "operant._core.StepMethod", sizeof(StepMethod), 0,
        // The interpreter calls a method descriptor without making a bound method. If its type is immutable, the interpreter
        // also caches that the class has it, and does not look it up in every call.
        Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_METHOD_DESCRIPTOR |
            Py_TPFLAGS_IMMUTABLETYPE,
        slots};
    return reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&spec));
}

}  // namespace

void bind_step_method(nb::module_& module) {
    core_type = nb::type<EngineBinding>().ptr();
    method_type = nb::module_::import_("types").attr("MethodType").ptr();
    module.def("_raise_pending", [] { std::rethrow_exception(std::exchange(pending, nullptr)); });
    raise_pending = nb::object(module.attr("_raise_pending")).ptr();
    core_attribute = PyUnicode_InternFromString("_undrawn_core");
    static PyTypeObject* const type = make_type();
    if (!core_attribute || !type) nb::raise_python_error();
    module.def(
        "step_method",
        [](nb::object function) {
            auto* made = PyObject_GC_New(StepMethod, type);
            if (!made) nb::raise_python_error();
            made->call = call;
            made->function = function.release().ptr();
            made->attributes = nullptr;
            PyObject_GC_Track(made);
            return nb::steal(reinterpret_cast<PyObject*>(made));
        },
        "function"_a);
}

}  // namespace operant::bindings
