// Features that are written to while a call reads them, by another thread or through a file. What
// it finds is then arbitrary. But points must be as short as products take them to be, and a search
// whose distances belie its products would have to look at every pair: both are refused.
#pragma once

#include <stdexcept>

namespace kstar::cpu {

[[noreturn]] inline void refuse_changed() {
    throw std::invalid_argument(
        "features: numbers that stay as they are during a call are wanted, these (or those of "
        "references) changed");
}

}  // namespace kstar::cpu
