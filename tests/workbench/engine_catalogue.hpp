#pragma once

#include <QProcess>
#include <QTest>

#include "core/actor_catalogue.hpp"

namespace millrace::workbench::testing {

/// What the engine's command lists: the actors that topologies of tests are made of.
[[nodiscard]] inline ActorCatalogue engineCatalogue() {
  QProcess list;
  list.start(QStringLiteral(MILLRACE_COMMAND),
             {QStringLiteral("actor"), QStringLiteral("list"), QStringLiteral("--json")});
  const bool hasEnded = list.waitForFinished();
  auto read = ActorCatalogue::parse(list.readAllStandardOutput());
  if (!hasEnded || !read) qFatal("the engine lists no actors");
  return *std::move(read);
}

}  // namespace millrace::workbench::testing
