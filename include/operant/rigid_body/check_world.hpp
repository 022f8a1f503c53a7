#pragma once
/// \file
/// Refuses worlds that a step cannot bear.

#include <cstddef>
#include <string>
#include <string_view>

#include <operant/contract/parameters.hpp>
#include <operant/rigid_body/world.hpp>

namespace operant::rigid_body {

/// \throws std::invalid_argument if a world names bodies, obstacles or contacts that there are not
template <class Scene>
void check_world(const World<Scene>& world) {
    std::size_t walls = 0;
    if constexpr (Scene::walls > 0) {
        check_integer("world.wall_count", static_cast<std::int64_t>(world.wall_count), 0, Scene::walls);
        walls = world.wall_count;
    }
    check_integer("world.contact_count", world.contact_count, 0, Scene::contacts);
    for (std::size_t i = 0; i < world.contact_count; ++i) {
        const Contact& contact = world.contacts[i];
        const auto name = [&](std::string_view member) {
            return "world.contacts[" + std::to_string(i) + "]." + std::string(member);
        };
        check_integer(name("body"), contact.body, 0, Scene::bodies - 1);
        const bool is_wall = contact.obstacle < Scene::walls;
        check_integer(name("obstacle"), contact.obstacle, is_wall ? 0 : Scene::walls,
                      (is_wall ? walls : Scene::walls + Scene::edges) - 1);
        check_integer(name("manifold.count"), contact.manifold.count, 0, 2);
    }
}

}  // namespace operant::rigid_body
