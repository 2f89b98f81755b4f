// Fetches what is wanted soon, so that it need not be waited for then.
#pragma once

#include <algorithm>
#include <cstdint>

namespace kstar::cpu {

// Of much, fetches the start: processors fetch what follows.
inline void fetch(const void* from, int64_t bytes) {
    constexpr int64_t kLine = 64;  // bytes of a cache's line
    constexpr int64_t kMost = 8 << 10;
    for (int64_t k = 0; k < std::min(bytes, kMost); k += kLine) {
        __builtin_prefetch(static_cast<const char*>(from) + k);
    }
    // GCC leaves out calls of functions that do nothing else.
    asm volatile("");
}

}  // namespace kstar::cpu
