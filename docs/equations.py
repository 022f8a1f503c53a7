"""Typeset the equations of the environments from the Python code in the docstrings, which the tests execute."""

from __future__ import annotations

import ast
import html
import re
from inspect import cleandoc
from pathlib import Path
from typing import Any

from latex2mathml.converter import convert

_PAGES = ("cartpole", "mountain_car", "mountain_car_continuous", "pendulum", "acrobot")
_CODE = re.compile(r'id="[^"]*dynamics".*?(?=<div class="(?:language-python )?highlight">)', re.DOTALL)

#: The LaTeX of names for which `_symbol` has no rule.
_SYMBOLS = {
    **{"position": "x", "velocity": "v", "force": "F", "torque": "u", "temp": "b", "reward": "r", "action": "a"},
    **{"gravity": "g", "masscart": "m_c", "masspole": "m_p", "total_mass": "m", "length": "l", "force_mag": r"F_\max"},
    **{
        "x_threshold": r"x_\max",
        "theta_threshold_radians": r"\theta_\max",
        "max_torque": r"u_\max",
        "angle": r"\alpha",
    },
    **{"max_speed": r"v_\max", "min_position": r"x_\min", "max_position": r"x_\max", "min_action": r"a_\min"},
    **{"max_action": r"a_\max", "goal_position": r"x_\mathrm{goal}", "goal_velocity": r"v_\mathrm{goal}", "power": "p"},
    **{"dt": r"\Delta t", "lc1": "l_{c1}", "lc2": "l_{c2}", "MAX_VEL_1": r"\dot\theta_{1\max}", "numerator": "n"},
    **{"MAX_VEL_2": r"\dot\theta_{2\max}", "torque_noise_max": r"\eta", "derivatives": "f", "state": "s"},
    **{"AVAIL_TORQUE": r"\tau", "sin": r"\sin", "cos": r"\cos", "uniform": r"\mathcal{U}"},
    **{"remainder": r"\operatorname{remainder}", "clip": r"\operatorname{clip}"},
}
#: Names that the text below the equations does not explain.
_KNOWN = ("sin", "cos", "uniform", "remainder", "clip", "derivatives", "lc1", "lc2", "state")
_STATE = re.compile("(x|theta[12]?)(_dot)?|position|velocity")
_COMPARISONS = {"Gt": ">", "GtE": r"\ge", "Lt": "<", "LtE": r"\le", "Eq": "="}


def on_page_content(content: str, page: Any, **_: Any) -> str:
    """Insert the equations before the code from which they are made."""
    path = Path(page.file.src_uri)
    if path.parent.name != "environments" or path.stem not in _PAGES:
        return content
    code = _dynamics(Path("python/operant/envs") / f"{path.stem}.py")
    found = _CODE.search(content)
    assert found is not None, f"{path} has no code of the dynamics"
    return f"{content[: found.end()]}{_typeset(code)}<p>The same in Python:</p>\n{content[found.end() :]}"


def _dynamics(module: Path) -> str:
    for node in ast.parse(module.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef) and node.name.endswith("VecEnv"):
            section = cleandoc(ast.get_docstring(node) or "").partition("## Dynamics")[2]
            return section.partition("```python\n")[2].partition("```")[0]
    raise ValueError(f"no environment in {module}")


def _typeset(code: str) -> str:
    tree = ast.parse(code)
    used = dict.fromkeys(node.id for node in ast.walk(tree) if isinstance(node, ast.Name))
    legend = [
        f"{convert(_SYMBOLS[name])} is <code>{name}</code>" for name in used if name in _SYMBOLS and name not in _KNOWN
    ]
    return f'<div class="equations">{_rows(tree.body)}</div>\n<p>{", ".join(legend)}.</p>\n'


def _rows(statements: list[ast.stmt]) -> str:
    return "".join(map(_row, statements))


def _row(statement: ast.stmt) -> str:
    if isinstance(statement, ast.If):
        rows = f"<p>If {_math(_latex(statement.test))}:</p><div>{_rows(statement.body)}</div>"
        return rows + (f"<p>Else:</p><div>{_rows(statement.orelse)}</div>" if statement.orelse else "")
    if isinstance(statement, ast.FunctionDef):
        head = f"{_symbol(statement.name)}({', '.join(_symbol(one.arg) for one in statement.args.args)})"
        *body, last = statement.body
        assert isinstance(last, ast.Return)
        assert last.value is not None
        return f"{_equation(f'{head} = {_latex(last.value)}')}<p>with</p><div>{_rows(body)}</div>"
    if isinstance(statement, ast.AugAssign):
        target = _latex(statement.target)
        return _equation(rf"{target} \leftarrow {_latex(ast.BinOp(statement.target, statement.op, statement.value))}")
    assert isinstance(statement, ast.Assign)
    (target, *others), value = statement.targets, statement.value
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        pairs = zip(target.elts, value.elts, strict=True)
        return "".join(_row(ast.Assign([left], right)) for left, right in pairs)
    changes = _STATE.fullmatch(ast.unparse(target).partition(",")[0].strip("("))
    sign = r"\leftarrow" if changes else r"\Leftrightarrow" if isinstance(value, ast.BoolOp | ast.Compare) else "="
    left = " = ".join(map(_latex, (target, *others)))
    return _equation(f"{left} {sign} {_latex(value)}" if "text" not in left else rf"{left} \;{sign}\; {_latex(value)}")


def _equation(latex: str) -> str:
    return f"<p>{_math(latex)}</p>"


def _math(latex: str) -> str:
    return str(convert(rf"\displaystyle {latex}"))


def _latex(node: ast.expr, binding: int = 0) -> str:
    """Typeset an expression, in parentheses if its operator binds less tightly than `binding`."""
    match node:
        case ast.Name(name):
            return _symbol(name)
        case ast.Constant(bool() as value):
            return rf"\text{{{str(value).lower()}}}"
        case ast.Constant(str() as value):
            return rf"\;\text{{{html.escape(value)}}}"
        case ast.Constant(value):
            return f"{value}"
        case ast.UnaryOp(_, operand):
            return _grouped(f"-{_latex(operand, 2)}", binding > 2)
        case ast.BinOp(left, ast.Div(), right):
            return rf"\frac{{{_latex(left)}}}{{{_latex(right)}}}"
        case ast.BinOp(left, ast.Pow(), right):
            if isinstance(left, ast.Call):
                return f"{_symbol(ast.unparse(left.func))}^{{{_latex(right)}}} {_arguments(left)}"
            return f"{{{_latex(left, 4)}}}^{{{_latex(right)}}}"
        case ast.BinOp(left, ast.Mult(), right):
            dot = r"\cdot" if isinstance(right, ast.Constant) else r"\,"
            return _grouped(rf"{_latex(left, 2)} {dot} {_latex(right, 3)}", binding > 2)
        case ast.BinOp(left, operator, right):
            sign, least = ("+", 1) if isinstance(operator, ast.Add) else ("-", 2)
            return _grouped(f"{_latex(left, 1)} {sign} {_latex(right, least)}", binding > 1)
        case ast.Call(ast.Name("abs"), [argument]):
            return rf"\left|{_latex(argument)}\right|"
        case ast.Call(ast.Name("array"), [ast.List(elements)]) | ast.Tuple(elements):
            return rf"\left({', '.join(map(_latex, elements))}\right)"
        case ast.Call(function):
            return f"{_symbol(ast.unparse(function))} {_arguments(node)}"
        case ast.Subscript(value, index):
            return f"{_latex(value)}_{{{_latex(index)}}}"
        case ast.Compare(left, [operator], [right]):
            space = r"\;" if isinstance(right, ast.Constant) and isinstance(right.value, str) else ""
            return f"{_latex(left)} {space}{_COMPARISONS[type(operator).__name__]} {_latex(right)}"
        case ast.BoolOp(operator, values):
            word = r" \text{ and } " if isinstance(operator, ast.And) else r" \text{ or } "
            return word.join(map(_latex, values))
        case ast.IfExp(test, yes, no):
            cases = rf"{_latex(yes)} & \text{{if }} {_latex(test)} \\ {_latex(no)} & \text{{else}}"
            return rf"\begin{{cases}} {cases} \end{{cases}}"
    raise ValueError(f"cannot typeset {ast.unparse(node)}")


def _arguments(call: ast.Call) -> str:
    return rf"\left({', '.join(map(_latex, call.args))}\right)"


def _grouped(latex: str, grouped: bool) -> str:
    return rf"\left({latex}\right)" if grouped else latex


def _symbol(name: str) -> str:
    if name in _SYMBOLS:
        return _SYMBOLS[name]
    base, _, derivative = name.partition("_")
    letters, index = re.fullmatch(r"([A-Za-z]+)(\d?)", base).groups() if derivative in ("", "dot", "acc") else ("", "")
    if letters in ("theta", "phi", "tau", "pi") or len(letters) == 1:
        symbol = letters if len(letters) == 1 else f"\\{letters}"
        accent = {"": "", "dot": r"\dot", "acc": r"\ddot"}[derivative]
        return f"{accent}{{{symbol}}}" + (f"_{{{index}}}" if index else "") if accent or index else symbol
    return rf"\text{{{name}}}"
