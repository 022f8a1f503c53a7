"""Steps CartPole side by side with Gymnasium: the same as `python -m operant bench`, and takes the same options.

python bench/cartpole_benchmark.py          CartPole, 4096 copies
python bench/cartpole_benchmark.py --all    every environment, 1 to 65536 copies
"""

import sys

from operant.cli import main

if __name__ == "__main__":
    raise SystemExit(main(["bench", *sys.argv[1:]]))
