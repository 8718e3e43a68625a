#pragma once

#include <QString>
#include <vector>

#include "core/actor_catalogue.hpp"

namespace millrace::workbench {

/// A topology that comes with the workbench and runs without any server outside.
struct Example {
  QString id;              ///< its file below the examples: `actors/filter.mill`
  QString title;           ///< for people
  QString teaches;         ///< what is to be seen in it
  bool isOfActor = false;  ///< shows one type of actor; the others are small applications

  [[nodiscard]] QString folder() const { return id.section(QLatin1Char('/'), 0, -2); }
};

/// Those that are in this program, applications first. Titles of single actors are those of their types.
[[nodiscard]] std::vector<Example> examples(const ActorCatalogue& catalogue);

/// Copies an example, with the data of its folder, below `root`, and returns the path of its topology. What is there
/// already is left as it is: somebody may have changed it. Errors (`io_error`): a file cannot be written.
[[nodiscard]] result<QString> unpack(const Example& example, const QString& root);

}  // namespace millrace::workbench
