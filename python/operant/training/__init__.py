"""Programs that train agents, with torch. The build installs examples/ppo.py here, as `operant.training.ppo`."""
