"""Put one fault after the other into the rigid bodies, and fail unless the recorded runs of LunarLander find it.

python scripts/mutate_rigid_body.py             # about ten seconds a fault
python scripts/mutate_rigid_body.py wake order  # only those whose names contain a word
"""

import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parents[1]
INCLUDE = ROOT / "include" / "operant"
FLAGS = ["-std=c++20", "-O1", "-w", "-fno-tree-vectorize", "-ffp-contract=off", "-march=native"]

WORLD, CONTACT = "rigid_body/world.hpp", "rigid_body/contact.hpp"
MANIFOLD, IMPACT = "rigid_body/manifold.hpp", "rigid_body/impact.hpp"
JOINT, BLOCK, LANDER = "rigid_body/joint.hpp", "rigid_body/block_engine.hpp", "environments/lunar_lander.hpp"
VECTOR, SHAPES = "rigid_body/vector.hpp", "rigid_body/shapes.hpp"

# Name, file, the text and what replaces it.
FAULTS = [
    ("no wake on a new contact", WORLD, "        wake(world.bodies[body]);\n    }", "    }"),
    ("no wake in the search", WORLD, "            wake(world.bodies[b]);\n", ""),
    (
        "order of a body's contacts",
        WORLD,
        "for (std::size_t i = world.contact_count; i-- > 0;) {\n                const Contact& contact",
        "for (std::size_t i = 0; i < world.contact_count; ++i) {\n                const Contact& contact",
    ),
    (
        "order of new pairs",
        WORLD,
        "for (std::size_t e = low; e < high; ++e) {",
        "for (std::size_t e = high; e-- > low;) {",
    ),
    (
        "order of the search",
        WORLD,
        "while (seed > 0 && world.bodies[seed - 1].is_awake == 0) --seed;",
        "seed = world.bodies[bodies - 1].is_awake == 0 ? 0 : 1;",
    ),
    (
        "first impact of equal ones",
        WORLD,
        "if (times.impacts[i] < share) first",
        "if (times.impacts[i] <= share && times.impacts[i] < 1) first",
    ),
    ("impact that is none", WORLD, "            contact.enabled = 0;\n", ""),
    ("number of impacts", WORLD, "most_impacts = 8;", "most_impacts = 2;"),
    (
        "no impacts",
        WORLD,
        "if (world.contact_count == 0) return;\n        Times times;",
        "return;\n        Times times;",
    ),
    (
        "share of the push out of an impact",
        WORLD,
        "push_out(world.contacts[works[i].contact], 0.75f,",
        "push_out(world.contacts[works[i].contact], 0.7f,",
    ),
    ("other contacts of an impact", WORLD, "if (other.body != b || i == first) continue;", "continue;"),
    (
        "fixed point of impacts too early",
        WORLD,
        "if (is_fixed && same(before.center.x, velocity.center.x) && same(before.center.y,",
        "if (same(before.center.x, velocity.center.x) && same(before.center.y,",
    ),
    (
        "clear sweeps",
        WORLD,
        "distance = 0.0066f + 0.13f * shape.radius * turn * turn",
        "distance = 0.13f * shape.radius * turn * turn - 0.05f",
    ),
    ("largest way", VECTOR, "most_translation = 2.0f;", "most_translation = 4.0f;"),
    ("largest turn", VECTOR, "most_rotation = 0.5f * pi;", "most_rotation = pi;"),
    ("cap of the push", VECTOR, "most_correction = 0.2f;", "most_correction = 0.4f;"),
    (
        "cap of the turn",
        VECTOR,
        "most_angular_correction = 8.0f / 180.0f * pi;",
        "most_angular_correction = 16.0f / 180.0f * pi;",
    ),
    (
        "sleep before positions hold",
        WORLD,
        "if (rest < long_enough || !is_solved) return;",
        "if (rest < long_enough) return;",
    ),
    ("time to sleep", WORLD, "long_enough = 0.5f;", "long_enough = 0.52f;"),
    ("speed of sleep", WORLD, "linear = 0.01f * 0.01f,", "linear = 0.011f * 0.011f,"),
    ("velocity of sleepers", WORLD, "            body.velocity = {};\n", ""),
    ("box ahead", WORLD, "Vector ahead = 2.0f *", "Vector ahead = 1.0f *"),
    ("margin", VECTOR, "margin = 0.1f;", "margin = 0.11f;"),
    ("friction of the floor", LANDER, "return edge == 0 ? 0.2f : 0.1f;", "return 0.1f;"),
    ("friction of the legs", LANDER, "return body == 0 ? 0.1f : 0.2f;", "return 0.1f;"),
    ("end of a touch", LANDER, "if (body != 0) touches[body - 1] = 0;", "(void)body;"),
    ("warm starting", CONTACT, "warm ? manifold.points[p].tangent_impulse : 0", "0"),
    ("ill-conditioned contacts", CONTACT, "1000.0f * determinant", "10.0f * determinant"),
    ("case of the second point", CONTACT, "select(second | none, zero, a1)", "select(none, zero, a1)"),
    (
        "sum of two pushes",
        CONTACT,
        "v.center.x = v.center.x + m * (px + qx);",
        "v.center.x = v.center.x + m * px + m * qx;",
    ),
    ("side preferred", MANIFOLD, "0.98f * edge_separation + 0.001f", "edge_separation"),
    ("back of an edge", MANIFOLD, "v1 = is_front ? edge.from : edge.to;", "v1 = edge.from;"),
    (
        "limit's sign",
        JOINT,
        "added.limit = select(together, -sz, -limit_impulse);",
        "added.limit = select(together, -sz, limit_impulse);",
    ),
    (
        "impulse of a limit that changes",
        WORLD,
        "if (limit == Limit::none || limit != memory.limit) memory",
        "if (limit == Limit::none) memory",
    ),
    ("error of the angle", JOINT, "& (angular_error <= Number(angular))", ""),
    (
        "order of the joints",
        WORLD,
        "for (std::size_t j = Scene::joints; j-- > 0;) {",
        "for (std::size_t j = 0; j < Scene::joints; ++j) {",
    ),
    ("root finding", IMPACT, "root % 2 == 1 ?", "root % 2 == 0 ?"),
    (
        "turns of the sweep",
        IMPACT,
        "const float turns = turn * std::floor(sweep.start_angle / turn);",
        "const float turns = 0;",
    ),
]


def differing_runs(directory, text_of):
    """Compile the recorded runs with some files replaced, and return how many tests fail."""
    directory.mkdir(parents=True)
    shutil.copytree(INCLUDE, directory / "operant")
    for name, text in text_of.items():
        (directory / "operant" / name).write_text(text)
    main = directory / "main.cpp"
    main.write_text(
        f'#include <cstdio>\n#include "{ROOT}/tests/cpp/lunar_lander_runs.hpp"\n'
        "int main() {\n"
        "    recorded_runs::Envs<operant::LunarLander> discrete;\n"
        "    recorded_runs::Envs<operant::LunarLanderContinuous> continuous;\n"
        "    discrete.run();\n    continuous.run();\n"
        "    const auto differing = discrete.differing().size() + continuous.differing().size();\n"
        '    std::printf("%zu\\n", differing + !recorded_runs::new_contact_wakes());\n}\n'
    )
    program = directory / "main"
    subprocess.run(["c++", *FLAGS, f"-I{directory}", main, "-o", program], check=True)
    return int(subprocess.run([program], check=True, capture_output=True, timeout=600).stdout)


def main(words):
    """Try the faults whose names contain one of the words, or all of them."""
    missed = []
    with tempfile.TemporaryDirectory() as temporary, ThreadPoolExecutor(2) as pool:
        unchanged = differing_runs(Path(temporary) / "unchanged", {})
        if unchanged != 0:
            raise SystemExit(f"{unchanged} runs differ without a fault")

        def try_fault(indexed):
            number, (name, file, before, after) = indexed
            text = (INCLUDE / file).read_text()
            if text.count(before) != 1:
                raise SystemExit(f"{name}: {file} has {text.count(before)} times: {before}")
            return name, differing_runs(Path(temporary) / str(number), {file: text.replace(before, after)})

        chosen = [fault for fault in FAULTS if not words or any(word in fault[0] for word in words)]
        for name, count in pool.map(try_fault, enumerate(chosen)):
            print(f"{name}: {count} runs differ" if count else f"{name}: MISSED", flush=True)
            if count == 0:
                missed.append(name)
    print(f"{len(chosen) - len(missed)} of {len(chosen)} faults found")
    return len(missed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
