// Element types by the names that Python has for them, for the bindings of both engines.
#pragma once

#include <stdexcept>
#include <string>

#include "common/rows.hpp"

namespace kstar {

inline Element element_named(const std::string& name) {
    if (name == "float16") return Element::float16;
    if (name == "bfloat16") return Element::bfloat16;
    if (name == "float32") return Element::float32;
    if (name == "float64") return Element::float64;
    throw std::invalid_argument("unknown element type " + name);
}

}  // namespace kstar
