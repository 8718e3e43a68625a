#pragma once

#include "core/edit.hpp"

namespace millrace::workbench::testing {

/// Actors of no known type, `a` -> `b` -> …, all in one place.
[[nodiscard]] inline Drawing chainOf(std::initializer_list<const char*> names) {
  Drawing drawing;
  drawing.spec.name = "sample";
  const char* last = nullptr;
  for (const auto* name : names) {
    drawing.spec.add(name, "t.any");
    drawing.layout.places[name] = {0, 0};
    if (last != nullptr) drawing.spec.connect(last, name);
    last = name;
  }
  return drawing;
}

}  // namespace millrace::workbench::testing
