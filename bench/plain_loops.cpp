// Scalar loops to compare with steps from Python, as a library in C. plain_loops.py compiles it for this machine with -O3
// -march=native.
//
// The loops of environments in plain C++ call the functions of the header itself, so the rules and the generator are the same,
// and the difference is what Operant adds or saves. The quadrotor, which Operant steps in batches, has separate scalar code.

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <string_view>

#include "../examples/environments/connect_four.hpp"
#include "../examples/environments/key_door.hpp"
#include "../examples/environments/snake.hpp"
#include "scalar_environments.hpp"

namespace operant::benchmarks {

/// An environment of the scalar tier without parameters, whose observations are of uint8.
template <class E>
struct PlainRules {
    using State = typename E::State;
    using Random = typename E::Random;
    using Action = std::int64_t;
    using Number = std::uint8_t;
    static constexpr NoParameters none{};
    static constexpr std::size_t action_size = 1, observation_size = decltype(E::observation_space(none))::size;
    static constexpr bool has_info = false;
    static constexpr bool has_mask = requires(const State& state) { E::action_mask(none, state); };
    static constexpr std::size_t mask_size = has_mask ? static_cast<std::size_t>(E::ActionSpace::n) : 0;
    static constexpr std::int32_t max_episode_steps = E::max_episode_steps;

    static XSIMD_INLINE State reset(Random& random) { return E::reset(none, random); }
    static XSIMD_INLINE ScalarOutcome step(State& state, const Action* action, Random& random) {
        const auto outcome = [&] {
            if constexpr (requires { E::step(none, state, *action, random); })
                return E::step(none, state, *action, random);
            else
                return E::step(none, state, *action);
        }();
        return {outcome.reward, outcome.terminated};
    }
    static XSIMD_INLINE void observe(const State& state, Number* numbers) {
        const auto observation = E::observation(none, state);
        if constexpr (requires { observation.words; }) {
            std::memset(numbers, 0, observation_size);
            for (std::size_t word = 0; word < observation.words.size(); ++word)
                for (std::uint64_t bits = observation.words[word]; bits != 0; bits &= bits - 1)
                    numbers[64 * word + static_cast<std::size_t>(std::countr_zero(bits))] = 1;
        } else {
            std::memcpy(numbers, &observation, observation_size);
        }
    }
    static XSIMD_INLINE void mask(const State& state, char* flags) {
        const unsigned bits = E::action_mask(none, state);
        for (std::size_t i = 0; i < mask_size; ++i) flags[i] = static_cast<char>(bits >> i & 1);
    }
};

/// examples/environments/quadrotor_lidar.hpp.
struct PlainQuadrotorLidar : ScalarQuadrotor<float> {
    static constexpr std::size_t observation_size = 15;

    XSIMD_INLINE void observe(const State& s, float* observation) const {
        const float cosine = std::cos(s.theta), sine = std::sin(s.theta), half = std::sqrt(0.5f);
        const float flight[] = {s.x, s.z, cosine, sine, s.x_dot, s.z_dot, s.theta_dot};
        std::copy(std::begin(flight), std::end(flight), observation);
        const float difference = half * (cosine - sine), sum = half * (cosine + sine);
        const float d_x[] = {cosine, difference, -sine, -sum}, d_z[] = {sine, sum, cosine, difference};
        for (std::size_t i = 0; i < 4; ++i) {
            const float along = s.x * d_x[i] + s.z * d_z[i];
            const float half_chord = std::sqrt(std::max(along * along + (radius * radius - (s.x * s.x + s.z * s.z)), 0.0f));
            observation[7 + i] = std::max(half_chord - along, 0.0f);
            observation[11 + i] = std::max(half_chord + along, 0.0f);
        }
    }
};

namespace {

/// A loop behind an interface without C++ types.
class PlainLoop {
public:
    virtual ~PlainLoop() = default;
    virtual void step(const void* actions) = 0;
    virtual const float* rewards() const = 0;
};

template <class Physics>
class PlainLoopOf final : public PlainLoop {
public:
    PlainLoopOf(std::size_t num_envs, std::uint64_t seed) : size_(num_envs * Physics::action_size), loop_(num_envs) {
        loop_.reset(seed);
    }
    void step(const void* actions) override {
        loop_.step({static_cast<const typename Physics::Action*>(actions), size_});
    }
    const float* rewards() const override { return loop_.rewards.data(); }

private:
    std::size_t size_;
    ScalarLoop<Physics> loop_;
};

}  // namespace
}  // namespace operant::benchmarks

extern "C" {

/// Returns a loop, or null if there is none of this name.
void* plain_loop(const char* name, std::size_t num_envs, std::uint64_t seed) {
    using namespace operant::benchmarks;
    const std::string_view wanted = name;
    if (wanted == Snake::name) return new PlainLoopOf<PlainRules<Snake>>(num_envs, seed);
    if (wanted == ConnectFour::name) return new PlainLoopOf<PlainRules<ConnectFour>>(num_envs, seed);
    if (wanted == KeyDoor::name) return new PlainLoopOf<PlainRules<KeyDoor>>(num_envs, seed);
    if (wanted == "QuadrotorLidar") return new PlainLoopOf<PlainQuadrotorLidar>(num_envs, seed);
    return nullptr;
}

/// Steps every env once. Actions are int64, or float32 for the quadrotor.
void plain_step(void* loop, const void* actions) { static_cast<operant::benchmarks::PlainLoop*>(loop)->step(actions); }

/// Returns the rewards of the last step.
const float* plain_rewards(const void* loop) { return static_cast<const operant::benchmarks::PlainLoop*>(loop)->rewards(); }

void plain_delete(void* loop) { delete static_cast<operant::benchmarks::PlainLoop*>(loop); }
}
