// What the native tests share: they print what failed, and fail in the end.
#pragma once

#include <cstdio>
#include <string>

inline int failures = 0;

inline void check(bool holds, const std::string& what) {
    if (!holds) {
        std::printf("FAILED: %s\n", what.c_str());
        ++failures;
    }
}

inline int report() {
    std::printf("%d failed\n", failures);
    return failures == 0 ? 0 : 1;
}
