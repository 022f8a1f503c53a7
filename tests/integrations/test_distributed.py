"""examples/distributed_search.py on clusters of Ray nodes, one of which is killed while it runs."""

from __future__ import annotations

import importlib.util
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import ray
from ray.cluster_utils import Cluster

EXAMPLE = Path(__file__).parents[2] / "examples" / "distributed_search.py"


@pytest.fixture
def example(monkeypatch):
    """The module, whose actors other processes get by value."""
    spec = importlib.util.spec_from_file_location("distributed_search", EXAMPLE)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "distributed_search", module)
    spec.loader.exec_module(module)
    ray.cloudpickle.register_pickle_by_value(module)
    yield module
    ray.cloudpickle.unregister_pickle_by_value(module)


@pytest.fixture
def cluster():
    """Two nodes of two processors each, which are processes of this machine."""
    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 2})
    made.add_node(num_cpus=2)
    made.wait_for_nodes()
    ray.init(address=made.address, log_to_driver=False)
    yield made
    ray.shutdown()
    made.shutdown()


def test_the_search_survives_the_loss_of_a_node_and_finds_the_same(example, cluster):
    """A single player finds the same policy as four players, two of which are killed in a generation."""
    scale = example.scale_of_observations(1)
    players = [example.Player.remote(scale) for _ in range(4)]
    nodes = ray.get([player.node.remote() for player in players])
    (other,) = (node for node in cluster.list_all_nodes() if not node.is_head())
    lost = nodes.count(other.node_id)
    assert 0 < lost < 4

    scores, killers = [], []

    def after_generation(generation, found):
        scores.append(found)
        if generation == 1:  # while the next generation plays
            killers.append(threading.Timer(0.05, cluster.remove_node, (other,), {"allow_graceful": False}))
            killers[0].start()

    survived = example.search(players, 1, after_generation)
    killers[0].join()
    assert len(players) == 4 - lost
    assert len(scores) == example.GENERATIONS
    assert example.play(survived, scale) >= 200

    expected = []
    found = example.search(players[:1], 1, lambda generation, one: expected.append(one))
    np.testing.assert_array_equal(survived, found)
    np.testing.assert_array_equal(scores, expected)


def test_without_players_the_search_ends_with_an_error(example, cluster):
    player = example.Player.remote(np.ones(8))
    ray.get(player.node.remote())
    ray.kill(player)
    with pytest.raises(RuntimeError, match="no player is left"):
        example.search([player], 0)
