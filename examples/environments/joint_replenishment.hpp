#pragma once
// JointReplenishment: a shop sells two products that arrive on the same truck. Each day it orders a number of each.
//
// The joint replenishment problem, with a fixed cost of the delivery: M. Khouja and S. Goyal, "A Review of the Joint
// Replenishment Problem Literature: 1989-2005", European Journal of Operational Research 186(1), 2008. Demand that the
// stock cannot meet is lost: P. Zipkin, "Old and New Methods for Lost-Sales Inventory Systems", Operations Research 56(5), 2008.
//
// This environment shows the scalar tier, which is plain C++ for environments that do not gain from SIMD, several discrete
// actions, integers in the state, and random integers.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <xsimd/xsimd.hpp>

#include <operant/environment.hpp>

// Observation: the stock of both products, and the pieces of both that are on their way. Reward: the day's profit. An
// episode starts with random stocks. It never terminates.
struct JointReplenishment : operant::Environment {
    static constexpr std::string_view name = "JointReplenishment";
    static constexpr std::int32_t max_episode_steps = 100;
    static constexpr std::size_t products = 2;
    using ActionSpace = operant::MultiDiscrete<11, 11>;  // pieces of each product to order; they arrive a day later
    using Random = operant::BufferedPcg64;               // the generator that draws integers

    struct State {
        std::array<std::int32_t, products> stock;     // pieces in the shop
        std::array<std::int32_t, products> on_order;  // pieces on their way

        OPERANT_MEMBERS(stock, on_order)
    };

    struct Parameters {
        double capacity = 20;
        double max_demand = 8;
        double price = 5.0;
        double cost = 2.0;
        double delivery = 10.0;
        double holding = 0.2;
        double lost_sale = 1.0;

        OPERANT_PARAMETERS(
            (capacity, operant::Sign::positive, "room in the shop [pieces of each product]"),
            (max_demand, operant::Sign::not_negative, "for either product, uniform from 0 [pieces/day]"),
            (price, operant::Sign::not_negative, "that customers pay [1/piece]"),
            (cost, operant::Sign::not_negative, "of a piece that is ordered [1/piece]"),
            (delivery, operant::Sign::not_negative, "fixed cost of an order"),
            (holding, operant::Sign::not_negative, "cost of a piece that is in stock in the evening [1/piece]"),
            (lost_sale, operant::Sign::not_negative, "cost of a piece of demand that is not met [1/piece]"))
    };

    static constexpr operant::Box<2 * products> observation_space(const Parameters& p) {
        const auto most = static_cast<float>(p.capacity);
        return {{0, 0, 0, 0}, {most, most, 10, 10}};
    }

    static XSIMD_INLINE State reset(const Parameters& p, Random& random) {
        State state{};
        for (auto& stock : state.stock)
            stock = static_cast<std::int32_t>(random.integers(0, static_cast<std::int64_t>(p.capacity) + 1));
        return state;
    }

    static XSIMD_INLINE operant::Outcome<double> step(const Parameters& p, State& state,
                                                      const std::array<std::int64_t, products>& orders, Random& random) {
        double profit = orders[0] + orders[1] > 0 ? -p.delivery : 0;
        profit += profit_of_day(p, state.stock[0], state.on_order[0], static_cast<std::int32_t>(orders[0]), random);
        profit += profit_of_day(p, state.stock[1], state.on_order[1], static_cast<std::int32_t>(orders[1]), random);
        return {profit, false};
    }

    static XSIMD_INLINE std::array<float, 2 * products> observation(const Parameters&, const State& state) {
        return {static_cast<float>(state.stock[0]), static_cast<float>(state.stock[1]),
                static_cast<float>(state.on_order[0]), static_cast<float>(state.on_order[1])};
    }

private:
    // Returns the day's profit from one product, and advances its stock by a day.
    static XSIMD_INLINE double profit_of_day(const Parameters& p, std::int32_t& stock, std::int32_t& on_order,
                                             std::int32_t order, Random& random) {
        const auto demand = static_cast<std::int32_t>(random.integers(0, static_cast<std::int64_t>(p.max_demand) + 1));
        const std::int32_t sold = std::min(demand, stock), left = stock - sold;
        // At night the pieces on their way arrive. Pieces for which there is no room go back.
        stock = std::min(left + on_order, static_cast<std::int32_t>(p.capacity));
        on_order = order;
        return p.price * sold - p.cost * order - p.holding * left - p.lost_sale * (demand - sold);
    }
};
