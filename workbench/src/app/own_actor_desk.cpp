#include "app/own_actor_desk.hpp"

#include <QFileDialog>
#include <QStandardPaths>

namespace millrace::workbench {

QString OwnActorDesk::projectsFolder() {
  return QStandardPaths::writableLocation(QStandardPaths::AppLocalDataLocation) + QStringLiteral("/actors");
}

OwnActorDesk::OwnActorDesk(EngineDesk& engine, CatalogueSource& catalogue, QObject* parent)
    : QObject{parent}, m_engine{engine}, m_catalogue{catalogue}, m_panel{new OwnActorPanel} {
  connect(m_panel, &OwnActorPanel::makeWanted, this, [this](const QString& name, const QString& kind) {
    if (!m_panel->save()) return;
    m_panel->clearOutput();
    m_project.make(name, kind, projectsFolder() + QLatin1Char('/') + name);
  });
  connect(m_panel, &OwnActorPanel::openWanted, this, [this] {
    if (!m_panel->save()) return;
    const auto folder =
        QFileDialog::getExistingDirectory(m_panel, tr("Folder of an actor's project"), projectsFolder());
    if (!folder.isEmpty() && !m_project.open(folder)) {
      m_panel->tell(tr("%1 has no CMakeLists.txt beside a NAME.hpp and NAME.cpp: 'millrace actor new' makes such a "
                       "project")
                        .arg(folder));
    }
  });
  connect(m_panel, &OwnActorPanel::buildWanted, this, [this] { build(false); });
  connect(m_panel, &OwnActorPanel::testWanted, this, [this] { build(true); });
  connect(m_panel, &OwnActorPanel::cancelWanted, &m_project, &ActorProject::cancel);
  connect(&m_project, &ActorProject::busyChanged, this, [this] { m_panel->setBusy(m_project.isBusy()); });
  connect(&m_project, &ActorProject::line, m_panel, &OwnActorPanel::addLine);
  connect(&m_project, &ActorProject::failed, m_panel, &OwnActorPanel::tell);
  connect(&m_project, &ActorProject::opened, this, [this] {
    m_panel->showProject(m_project.folder(), m_project.sources());
    m_panel->tell(tr("%1 — Build puts it into the palette").arg(m_project.folder()));
  });
  connect(&m_project, &ActorProject::published, this, [this] {
    m_panel->tell(tr("%1 is built, and lies in %2").arg(m_project.name(), ActorProject::pluginFolder()));
    Q_EMIT hint(tr("%1 is in the palette").arg(m_project.name()));
    m_catalogue.load();
    m_engine.session().restartEngine();
  });
  connect(&m_project, &ActorProject::tested, this, [this] { m_panel->tell(tr("the test passed")); });
}

void OwnActorDesk::build(bool isTest) {
  if (!m_panel->save()) return;
  m_panel->clearOutput();
  m_panel->tell(isTest ? tr("building the test …") : tr("building …"));
  if (isTest) {
    m_project.test();
  } else {
    m_project.build();
  }
}

}  // namespace millrace::workbench
