#!/usr/bin/env bash
# Installs the wheel of `make dist` on a Debian without a compiler, and steps an environment. scripts/run_in_debian.sh calls it.
set -euo pipefail

apt-get update -q >/dev/null
apt-get install -y -q --no-install-recommends python3 python3-venv >/dev/null
if command -v c++ g++ clang++; then
    echo "test_wheel: there is a compiler here" >&2
    exit 1
fi
python3 -m venv /tmp/venv
/tmp/venv/bin/pip install --quiet --only-binary :all: dist/operant-*.whl
cd /tmp
/tmp/venv/bin/operant info
/tmp/venv/bin/python - <<'END'
import gymnasium as gym
import numpy as np
import operant  # registers the ids

env = gym.make_vec("operant/CartPole-v1", num_envs=64, workers=2)
ours, _ = env.reset(seed=42)
theirs, _ = gym.make_vec("CartPole-v1", num_envs=64, vectorization_mode="sync").reset(seed=42)
assert np.array_equal(ours, theirs)
env.step(np.ones(64, np.int64))
print("test_wheel: a wheel works without a compiler")
END
