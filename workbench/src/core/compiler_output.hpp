#pragma once

#include <QString>
#include <optional>

#include "core/figures.hpp"

namespace millrace::workbench {

/// What a compiler or CMake says of a place in a file.
struct BuildNote {
  Health level = Health::Critical;  ///< or Warning
  QString file;                     ///< as it was named
  int line = 0, column = 0;         ///< from 1; 0: not said
  QString what;
  bool operator==(const BuildNote&) const = default;
};

/// A line of GCC, Clang, a linker or CMake, as far as it says what is wrong; nothing: another line. Pure.
[[nodiscard]] std::optional<BuildNote> buildNoteIn(const QString& line);

/// How much is done, 0 to 1, by a line of Ninja (`[3/7]`) or Make (`[ 50%]`); nothing: another line. Pure.
[[nodiscard]] std::optional<double> buildProgressIn(const QString& line);

}  // namespace millrace::workbench
