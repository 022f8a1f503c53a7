"""Blackjack."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

import numpy as np
import numpy.typing as npt

from operant._checks import elements, integer, shown
from operant.envs import views
from operant.envs.vector_env import BUILTIN, Integers, SimdVectorEnv

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from operant.envs.keywords import Flag, Keywords

    class BlackjackKeywords(Keywords, total=False):
        """The keywords of `BlackjackVecEnv`."""

        natural: Flag
        sab: Flag


def _hand(name: str, first: int) -> views.View:
    """Make the view of a hand. The state has its sum, its number of cards and an ace flag, from variable `first` on."""

    def read(parameters: views.Parameters, state: views.State) -> NoReturn:
        raise AttributeError(
            f"{name}: cannot be read, as the state has the sum, the number of cards and an ace flag, but not the "
            f"cards; {name}_sum, {name}_cards and {name}_aces are variables {first} to {first + 2} of `state`"
        )

    def write(parameters: views.Parameters, state: views.State, value: Any) -> None:
        given = elements(value, 21)
        cards = None if given is None else [integer(card) for card in given]
        if not cards or any(card is None or not 1 <= card <= 10 for card in cards):
            raise ValueError(f"{name}: expected a list of 1 to 21 cards, integers from 1 to 10, got {shown(value)}")
        if len(cards) > 21:
            raise ValueError(f"{name}: expected at most 21 cards, got more")
        state[first : first + 3] = sum(cards), len(cards), 1 in cards  # type: ignore[arg-type]
        if name == "dealer":
            state[6] = cards[0]

    return views.View(read, write)


class BlackjackVecEnv(SimdVectorEnv[tuple[Integers, Integers, Integers]], environment=BUILTIN["Blackjack"]):
    """Envs of Gymnasium's `Blackjack-v1`: get a higher sum of cards than the dealer, but at most 21.

    ## Actions

    `Discrete(2)`, one for each env:

    | action | the player |
    |---|---|
    | 0 | sticks |
    | 1 | takes one more card |

    ## Observations

    A tuple of three arrays of shape `(num_envs,)`, int64:

    | observation | space | |
    |---|---|---|
    | the player's sum | `Discrete(32)` | an ace counts 11, unless that makes more than 21; jack, queen, king 10 |
    | the dealer's open card | `Discrete(11)` | 1 is an ace |
    | usable ace | `Discrete(2)` | 1 while the player has an ace that counts 11 |

    The state has three variables for each hand: the sum, with aces as 1; the number of cards; and 1 if there is an ace.
    It also has the dealer's open card with its suit and face, which only pictures show.

    ## Dynamics

    `card` draws a card from an endless deck: 1 to 9 with probability 1/13 each, 10 with 4/13.

    ```python
    def total(hand):
        return sum(hand) + (10 if 1 in hand and sum(hand) + 10 <= 21 else 0)


    if action == 1:
        player = [*player, card()]
        terminated = total(player) > 21
        reward = -1.0 if terminated else 0.0
    else:
        terminated = True
        while total(dealer) < 17:
            dealer = [*dealer, card()]
        player_score = total(player) if total(player) <= 21 else 0
        dealer_score = total(dealer) if total(dealer) <= 21 else 0
        reward = float(player_score > dealer_score) - float(player_score < dealer_score)
        if sab and sorted(player) == [1, 10] and sorted(dealer) != [1, 10]:
            reward = 1.0
        elif natural and not sab and sorted(player) == [1, 10] and reward == 1:
            reward = 1.5
    ```

    ## Episodes

    - Start: two cards for the dealer, one of them open, and two for the player.
    - Reward, at the end of a game: 1 for a win, 0 for a draw, -1 for a loss.
    - Termination: the player sticks, or has more than 21.
    - Truncation: never.

    ## Parameters

    {parameters}

    As in Gymnasium, `sab` is True for `operant/Blackjack-v1`.

    ## Source

    R. S. Sutton and A. G. Barto, "Reinforcement Learning: An Introduction", second edition, 2018, example 5.1.

    ## Example

    >>> env = BlackjackVecEnv(4096, sab=True)
    >>> (sums, dealer_cards, usable_aces), infos = env.reset(seed=42)
    >>> observations, rewards, terminations, truncations, infos = env.step((sums < 18).astype(int))
    """

    metadata = SimdVectorEnv.metadata | {"render_fps": 4}
    gymnasium_id = "Blackjack-v1"
    _viewed: ClassVar = {"player": _hand("player", 0), "dealer": _hand("dealer", 3)}

    if TYPE_CHECKING:

        def __init__(self, num_envs: int, workers: int = 1, **keywords: Unpack[BlackjackKeywords]) -> None:
            """Create the envs, as `SimdVectorEnv` describes."""

    def _pose(self, artist: Any, state: npt.NDArray[np.float64], action: Any) -> None:
        player_sum, _, player_aces, _, _, _, dealer_card, suit, face = state.astype(int).tolist()
        # The picture shows sums, not cards, so any hand with the same sum and ace gives the same picture.
        artist.player = [1, player_sum - 1] if player_aces else [player_sum]
        artist.dealer = [dealer_card]
        artist.dealer_top_card_suit = "CDHS"[suit]
        artist.dealer_top_card_value_str = (
            "A" if dealer_card == 1 else "JQK"[face] if dealer_card == 10 else str(dealer_card)
        )
