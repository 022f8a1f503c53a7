"""Make docs/fonts/equations.woff2, the font of the equations: letters and signs of Latin Modern Math.

python scripts/subset_font.py /usr/share/texmf/fonts/opentype/public/lm-math/latinmodern-math.otf

Debian's package fonts-lmodern has the font. The script needs `pip install fonttools brotli`. It renames the font, as
the licence requires of altered fonts.
"""

from __future__ import annotations

import sys
from pathlib import Path

from fontTools import subset

ROOT = Path(__file__).parents[1]
#: ASCII, Greek, arrows, operators, accents, and italic Latin and Greek letters.
CHARACTERS = [
    *range(0x20, 0x7F),
    *range(0x391, 0x3F6),
    *(0xA0, 0xAC, 0xB1, 0xB7, 0xD7, 0xF7, 0x2B9, 0x2D9, 0x302, 0x303, 0x304, 0x307, 0x308, 0x20D7, 0x210E),
    *(0x2026, 0x2032, 0x2061, 0x2062, 0x2063, 0x2190, 0x2192, 0x2202, 0x2208, 0x2211, 0x2212, 0x221A, 0x221E),
    *(0x2227, 0x2228, 0x2248, 0x2260, 0x2264, 0x2265, 0x22C5, 0x1D4B0),
    *range(0x1D434, 0x1D468),
    *range(0x1D6E2, 0x1D71C),
]
NAME = "Operant Math"


def main() -> None:
    """Write the font."""
    options = subset.Options(flavor="woff2", layout_features=["ssty", "dtls"], name_IDs=["*"], notdef_outline=True)
    font = subset.load_font(sys.argv[1], options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=CHARACTERS)
    subsetter.subset(font)
    for name_id in (1, 3, 4, 16):
        font["name"].setName(NAME, name_id, 3, 1, 0x409)
    font["name"].setName(NAME.replace(" ", ""), 6, 3, 1, 0x409)
    font["CFF "].cff.fontNames = [NAME.replace(" ", "")]
    font["CFF "].cff[0].FullName = font["CFF "].cff[0].FamilyName = NAME
    path = ROOT / "docs" / "fonts" / "equations.woff2"
    path.parent.mkdir(exist_ok=True)
    subset.save_font(font, str(path), options)
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
