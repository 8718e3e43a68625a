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
  /// Again, as after a plugin was installed, or after it failed. What is known stays until other types are there.
  void load();
  /// Ends the question; `failed` says so.
  void cancel();
  [[nodiscard]] bool isLoading() const { return m_isLoading; }
  [[nodiscard]] const ActorCatalogue& catalogue() const noexcept { return m_catalogue; }

Q_SIGNALS:
  void started();
  void loaded();
  void failed(const QString& why);

private:
  void fail(const QString& why);

  ToolCall m_call;
  ActorCatalogue m_catalogue;
  bool m_isLoading = false;
};

}  // namespace millrace::workbench
