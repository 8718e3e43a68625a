#pragma once

#include <QObject>

#include "core/actor_catalogue.hpp"
#include "engine/tool_call.hpp"

namespace millrace::workbench {

/// Asks the engine for its types of actors, in a child process (`millrace actor list --json`). Thread: GUI.
class CatalogueSource final : public QObject {
  Q_OBJECT

public:
  explicit CatalogueSource(QObject* parent = nullptr);
  /// Again, as after a plugin was installed.
  void load();
  [[nodiscard]] const ActorCatalogue& catalogue() const noexcept { return m_catalogue; }

Q_SIGNALS:
  void loaded();
  void failed(const QString& why);

private:
  ToolCall m_call;
  ActorCatalogue m_catalogue;
};

}  // namespace millrace::workbench
