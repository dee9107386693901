"""Cut Inter down to Latin text and bake pair kerning into a `kern` table."""
import io
import sys

import uharfbuzz as hb
from fontTools import subset
from fontTools.ttLib import TTFont, newTable
from fontTools.ttLib.tables._k_e_r_n import KernTable_format_0

UNICODES = list(range(0x20, 0x7F)) + list(range(0xA0, 0x180)) + [
    0x2010, 0x2011, 0x2012, 0x2013, 0x2014, 0x2018, 0x2019, 0x201A, 0x201C, 0x201D, 0x201E,
    0x2020, 0x2022, 0x2026, 0x2030, 0x2032, 0x2033, 0x2039, 0x203A, 0x20AC, 0x2122,
    0x2190, 0x2191, 0x2192, 0x2193, 0x2194, 0x2195, 0x2196, 0x2197, 0x2198, 0x2199,
    0x2202, 0x2206, 0x0394, 0x03A9, 0x03BB, 0x03BC, 0x03C0, 0x03C3, 0x2211, 0x2212, 0x221A, 0x221E,
    0x2248, 0x2260, 0x2264, 0x2265, 0x25C7, 0x25CB, 0x25CF, 0x2713, 0x2717,
    0x2009, 0x200A, 0x202F, 0x00AD, 0x2070, 0x2074, 0x2075, 0x2076, 0x2077, 0x2078, 0x2079,
]
src, dst = sys.argv[1:3]
full = TTFont(src)
full.flavor = None
buf = io.BytesIO(); full.save(buf)
face = hb.Face(buf.getvalue()); font = hb.Font(face)
def width(s):
    b = hb.Buffer(); b.add_str(s); b.guess_segment_properties()
    hb.shape(font, b, {"kern": True, "liga": False, "calt": False})
    return sum(p.x_advance for p in b.glyph_positions)
opts = subset.Options()
opts.layout_features = []
opts.hinting = False
opts.notdef_outline = True
opts.name_IDs = [0, 1, 2, 3, 4, 5, 6, 13, 14]
opts.drop_tables += ["GPOS", "GSUB", "GDEF", "STAT", "meta"]
cut = TTFont(io.BytesIO(buf.getvalue()))
s = subset.Subsetter(opts); s.populate(unicodes=UNICODES); s.subset(cut)
cmap = cut.getBestCmap()
chars = [c for c in range(0x20, 0x7F)] + [0x2013, 0x2014, 0x2019, 0x201C, 0x201D]
w = {c: width(chr(c)) for c in chars}
table = {}
for a in chars:
    for b in chars:
        k = width(chr(a) + chr(b)) - w[a] - w[b]
        if abs(k) >= cut["head"].unitsPerEm * 0.006:
            table[(cmap[a], cmap[b])] = k
kern = newTable("kern"); kern.version = 0
t = KernTable_format_0(); t.kernTable = table; t.coverage = 1; t.version = 0; t.tupleIndex = None; t.apple = False
kern.kernTables = [t]; cut["kern"] = kern
cut.recalcTimestamp = False
cut.save(dst)
h = cut["hhea"]
print(dst, len(cut.getGlyphOrder()), "glyphs", len(table), "pairs; upem", cut["head"].unitsPerEm, h.ascent, h.descent, h.lineGap)
