// Which blocks of pairs must be looked at. Samples stand in class order, so a tile knows from its
// place what it can hold. In the self form a pair is met once, and serves both its samples.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace kstar::cpu {

struct Range {
    int64_t begin;
    int64_t end;
    int64_t size() const { return end - begin; }
    bool operator==(Range other) const { return begin == other.begin && end == other.end; }
};

inline Range common(Range a, Range b) {
    const int64_t begin = std::clamp(a.begin, b.begin, b.end);
    return {begin, std::clamp(a.end, begin, b.end)};
}

// Rows against columns. A mixed tile may hold pairs that the walk does not ask about: of the wrong
// classes or, in the self form, already met from their other side.
struct Tile {
    Range rows;
    Range columns;
    bool mixed;
};

// The classes of the samples (rows) and of those they are placed among (columns), each rising.
struct Layout {
    const int32_t* row_codes;
    int64_t rows;
    const int32_t* column_codes;
    int64_t columns;
    bool self_form;

    bool asks(int64_t i, int64_t j, bool foreign) const {
        return (row_codes[i] != column_codes[j]) == foreign && !(self_form && j <= i);
    }

    // The part of these columns outside of which none of these rows asks.
    Range asked(Range rows, Range among, bool foreign) const {
        Range part = foreign ? Range{0, columns} : classes_of(rows);
        if (self_form) {
            part.begin = foreign ? classes_of({rows.begin, rows.begin + 1}).end : rows.begin + 1;
        }
        return common(part, among);
    }

    // The part of these columns that each of these rows asks about, as one of its class.
    Range shared(Range rows, Range among) const {
        Range part = classes_of(rows);
        if (row_codes[rows.begin] != row_codes[rows.end - 1]) {
            part.end = part.begin;
        } else if (self_form) {
            part.begin = rows.end;
        }
        return common(part, among);
    }

    // The columns of all classes from the first row's to the last one's.
    Range classes_of(Range rows) const {
        const int32_t* const end = column_codes + columns;
        return {std::lower_bound(column_codes, end, row_codes[rows.begin]) - column_codes,
                std::upper_bound(column_codes, end, row_codes[rows.end - 1]) - column_codes};
    }
};

constexpr int64_t kCell = 48;  // samples that stay together; most micro-tiles have a part of them
constexpr int64_t kStripRows = 8 * kCell;  // rows of a tile: the more, the less is packed again
constexpr int64_t kFewRows = 20 * kStripRows;
constexpr int64_t kTileLength = 1024;  // its columns: a fraction of a second of work

// The most that are in a piece of about `size`.
constexpr int64_t most_in_piece(int64_t size) { return size + size / 2; }

// Cuts positions into pieces of `size`, the last ones of up to `most`, from the start of every
// class on. Small classes share a piece.
inline std::vector<Range> pieces(const int32_t* codes, int64_t count, int64_t size, int64_t most) {
    std::vector<Range> result;
    int64_t start = 0;  // of the piece that small classes gather in
    for (int64_t first = 0, last; first < count; first = last) {
        last = std::upper_bound(codes + first, codes + count, codes[first]) - codes;
        if (last - start <= size) {
            continue;
        }
        if (start < first) {
            result.push_back({start, first});
            start = first;
        }
        for (; last - start > most; start += size) {
            result.push_back({start, start + size});
        }
        result.push_back({start, last});
        start = last;
    }
    if (start < count) {
        result.push_back({start, count});
    }
    return result;
}
inline std::vector<Range> pieces(const int32_t* codes, int64_t count, int64_t size) {
    return pieces(codes, count, size, most_in_piece(size));
}

// Rows of a tile: fewer where tiles are few, so that all threads have some to the end.
constexpr int64_t strip_rows(int64_t rows) { return rows < kFewRows ? kStripRows / 2 : kStripRows; }

inline void add_tiles(Range rows, Range columns, bool mixed, std::vector<Tile>& tiles) {
    for (int64_t begin = columns.begin; begin < columns.end; begin += kTileLength) {
        tiles.push_back({rows, {begin, std::min(begin + kTileLength, columns.end)}, mixed});
    }
}

// Tiles that cover every pair of different classes, or every pair of one class.
inline std::vector<Tile> tiles(const Layout& layout, bool foreign) {
    std::vector<Tile> result;
    for (const Range rows : pieces(layout.row_codes, layout.rows, strip_rows(layout.rows))) {
        const int32_t first = layout.row_codes[rows.begin];
        const int32_t last = layout.row_codes[rows.end - 1];
        // Columns of the strip's own classes, and in the self form none that were met before.
        Range own = layout.classes_of(rows);
        if (layout.self_form) {
            own.begin = rows.begin;
        }
        if (foreign) {
            if (!layout.self_form) {
                add_tiles(rows, {0, own.begin}, false, result);
            }
            if (first != last) {
                add_tiles(rows, own, true, result);
            }
            add_tiles(rows, {own.end, layout.columns}, false, result);
        } else if (first != last) {
            add_tiles(rows, own, true, result);
        } else if (layout.self_form) {
            add_tiles(rows, rows, true, result);
            add_tiles(rows, {rows.end, own.end}, false, result);
        } else {
            add_tiles(rows, own, false, result);
        }
    }
    return result;
}

}  // namespace kstar::cpu
