#pragma once

#include <QObject>

#include "app/engine_desk.hpp"
#include "engine/actor_project.hpp"
#include "engine/catalogue_source.hpp"
#include "panels/own_actor_panel.hpp"

namespace millrace::workbench {

/// Actors of somebody's own, from the template to the palette: what was built is asked for as a new catalogue, and the
/// engine is started anew, since it loads plugins only when it starts; what runs goes on from a last snapshot.
/// Thread: GUI.
class OwnActorDesk final : public QObject {
  Q_OBJECT

public:
  OwnActorDesk(EngineDesk& engine, CatalogueSource& catalogue, QObject* parent = nullptr);

  /// What was typed goes to its file. False: it cannot, and the panel says why.
  bool save() { return m_panel->save(); }
  [[nodiscard]] OwnActorPanel* panel() const noexcept { return m_panel; }
  [[nodiscard]] ActorProject& project() noexcept { return m_project; }
  /// Where new projects go, each in a folder of its name.
  [[nodiscard]] static QString projectsFolder();

Q_SIGNALS:
  void hint(const QString& text);

private:
  void build(bool isTest);

  EngineDesk& m_engine;
  CatalogueSource& m_catalogue;
  OwnActorPanel* m_panel;
  ActorProject m_project;
};

}  // namespace millrace::workbench
