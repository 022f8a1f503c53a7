#pragma once
/// \file
/// Includes all of Operant.

#include <operant/acrobot.hpp>
#include <operant/library/architecture.hpp>
#include <operant/bipedal_walker.hpp>
#include <operant/blackjack.hpp>
#include <operant/branching.hpp>
#include <operant/cartpole.hpp>
#include <operant/cliff_walking.hpp>
#include <operant/compiled_policy.hpp>
#include <operant/evaluation.hpp>
#include <operant/frozen_lake.hpp>
#include <operant/lunar_lander.hpp>
#include <operant/mountain_car.hpp>
#include <operant/mountain_car_continuous.hpp>
#include <operant/network_policy.hpp>
#include <operant/pendulum.hpp>
#include <operant/abi/policy_function.hpp>
#include <operant/rollout.hpp>
#include <operant/taxi.hpp>
#include <operant/workers.hpp>
