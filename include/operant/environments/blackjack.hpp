#pragma once
/// \file
/// Blackjack: draw cards whose sum is larger than the dealer's, but not larger than 21.
///
/// R. S. Sutton and A. G. Barto, "Reinforcement Learning: An Introduction", second edition, 2018, example 5.1. The
/// rules are those of Gymnasium's Blackjack-v1.

#include <array>
#include <cstdint>
#include <string_view>
#include <tuple>

#include <xsimd/xsimd.hpp>

#include <operant/environment.hpp>

namespace operant {

/// The description of Gymnasium's Blackjack-v1; `VectorEnv<Blackjack>` steps many envs of it.
///
/// Observation: the player's sum, the dealer's open card, and 1 if the player has an ace that counts 11, else 0. Reward: 1 for a
/// game that is won, -1 for a game that is lost, 0 otherwise. An episode terminates when the player sticks or has more than 21.
struct Blackjack : Environment {
    static constexpr std::string_view name = "Blackjack";         ///< Gymnasium's id without the version
    static constexpr std::int32_t max_episode_steps = unlimited;  ///< episodes are not truncated
    using ActionSpace = Discrete<2>;                              ///< see Action
    using Random = BufferedPcg64;                                 ///< draws integers, for the cards

    /// Stick to the cards, or take one more.
    enum Action : std::int64_t { stick, hit };

    /// The properties of a hand that the rules need.
    struct Hand {
        std::int8_t sum;    ///< of all cards, an ace counts 1
        std::int8_t cards;  ///< their number
        std::int8_t aces;   ///< 1 if there is an ace
    };

    /// Both hands, and the suit and the face of the dealer's open card, which only pictures show.
    struct State {
        Hand player;              ///< the hand of the player
        Hand dealer;              ///< the hand of the dealer
        std::int8_t dealer_card;  ///< the open one, 1 to 10
        std::int8_t suit;         ///< of the open card: clubs, diamonds, hearts or spades
        std::int8_t face;         ///< of an open card that counts 10: jack, queen or king
    };

    /// Calls `visit(name, member)` for every member of a state.
    template <class S, class Visitor>
    static XSIMD_INLINE void visit_state(S& s, const Visitor& visit) {
        visit("player_sum", s.player.sum);
        visit("player_cards", s.player.cards);
        visit("player_aces", s.player.aces);
        visit("dealer_sum", s.dealer.sum);
        visit("dealer_cards", s.dealer.cards);
        visit("dealer_aces", s.dealer.aces);
        visit("dealer_card", s.dealer_card);
        visit("suit", s.suit);
        visit("face", s.face);
    }

    /// Gymnasium's arguments of the same names.
    struct Parameters {
        bool natural = false;
        bool sab = false;

        OPERANT_PARAMETERS(
            (natural, "true makes a win with an ace and a ten worth 1.5; without effect if `sab` is true"),
            (sab, "the book's rule: an ace and a ten win, unless the dealer has them, too"))
    };

    /// \throws std::invalid_argument if there are no such cards. Sums are those of a last draw at most.
    static void check_state(const Parameters&, const State& state) {
        check_integer("player_sum", state.player.sum, 0, 31);
        check_integer("player_cards", state.player.cards, 0, 31);
        check_integer("player_aces", state.player.aces, 0, 1);
        check_integer("dealer_sum", state.dealer.sum, 0, 31);
        check_integer("dealer_cards", state.dealer.cards, 0, 31);
        check_integer("dealer_aces", state.dealer.aces, 0, 1);
        check_integer("dealer_card", state.dealer_card, 1, 10);
        check_integer("suit", state.suit, 0, 3);
        check_integer("face", state.face, 0, 2);
    }

    /// The player's sum, the dealer's open card, 1 for a usable ace.
    static constexpr std::tuple<Discrete<32>, Discrete<11>, Discrete<2>> observation_space(const Parameters&) { return {}; }

    /// Deals two cards to the dealer and two to the player.
    static XSIMD_INLINE State reset(const Parameters&, BufferedPcg64& random) {
        State state{};
        state.dealer_card = take_card(state.dealer, random);
        take_card(state.dealer, random);
        take_card(state.player, random);
        take_card(state.player, random);
        state.suit = static_cast<std::int8_t>(random.integers(4));
        if (state.dealer_card == 10) state.face = static_cast<std::int8_t>(random.integers(3));
        return state;
    }

    /// Gives the player a card, or lets the dealer draw and ends the game.
    static XSIMD_INLINE Outcome<double> step(const Parameters& p, State& state, std::int64_t action, BufferedPcg64& random) {
        auto& [player, dealer, dealer_card, suit, face] = state;
        if (action == hit) {
            take_card(player, random);
            const bool is_bust = total(player) > 21;
            return {is_bust ? -1.0 : 0.0, is_bust};
        }
        while (total(dealer) < 17) take_card(dealer, random);
        const int difference = score(player) - score(dealer);
        double reward = (difference > 0) - (difference < 0);
        if (p.sab && is_natural(player) && !is_natural(dealer))
            reward = 1;
        else if (!p.sab && p.natural && is_natural(player) && reward == 1)
            reward = 1.5;
        return {reward, true};
    }

    /// The observation of a state.
    static XSIMD_INLINE std::array<std::int64_t, 3> observation(const Parameters&, const State& state) {
        return {total(state.player), state.dealer_card, has_usable_ace(state.player)};
    }

private:
    /// Draws a card with replacement. An ace is 1; jack, queen and king count 10.
    static XSIMD_INLINE std::int8_t take_card(Hand& hand, BufferedPcg64& random) {
        const std::int64_t rank = random.integers(13) + 1;
        const auto card = static_cast<std::int8_t>(rank < 10 ? rank : 10);
        hand.sum = static_cast<std::int8_t>(hand.sum + card);
        ++hand.cards;
        if (card == 1) hand.aces = 1;
        return card;
    }

    /// Returns true if an ace can count 11 without a sum above 21.
    static XSIMD_INLINE bool has_usable_ace(const Hand& hand) { return hand.aces != 0 && hand.sum + 10 <= 21; }
    static XSIMD_INLINE int total(const Hand& hand) { return hand.sum + (has_usable_ace(hand) ? 10 : 0); }
    static XSIMD_INLINE int score(const Hand& hand) { return total(hand) > 21 ? 0 : total(hand); }
    /// Returns true if the first two cards are an ace and a ten.
    static XSIMD_INLINE bool is_natural(const Hand& hand) { return hand.cards == 2 && hand.aces != 0 && hand.sum == 11; }
};

}  // namespace operant
