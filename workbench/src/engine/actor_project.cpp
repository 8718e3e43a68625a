#include "engine/actor_project.hpp"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QSaveFile>
#include <QStandardPaths>

#include "engine/tool_call.hpp"

namespace millrace::workbench {
namespace {

using std::chrono::minutes;

constexpr minutes makingMax{1}, configuringMax{5}, buildingMax{20}, testingMax{10};
constexpr const char* buildFolder = "/build";

constexpr auto ownFolder = QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner;
constexpr auto pluginRights =
    QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner | QFile::ReadGroup | QFile::ReadOther;

/// Where Millrace is installed, when the program is in an installation.
QString prefixOfProgram() {
  QDir prefix{QFileInfo{millraceProgram()}.absoluteDir()};
  if (!prefix.cdUp()) return {};
  for (const auto& package : {QStringLiteral("lib/cmake/Millrace"), QStringLiteral("lib/cmake/millrace")}) {
    if (prefix.exists(package)) return prefix.absolutePath();
  }
  return {};
}

}  // namespace

QString ActorProject::pluginFolder() {
  const auto wanted =
      qEnvironmentVariable("MILLRACE_PLUGINS").section(QLatin1Char(':'), 0, 0, QString::SectionSkipEmpty);
  return wanted.isEmpty() ? QDir::homePath() + QStringLiteral("/.local/lib/millrace/plugins") : wanted;
}

ActorProject::ActorProject(QObject* parent) : QObject{parent} {
  connect(&m_call, &LineCall::line, this, [this](const QString& text) {
    if (!text.trimmed().isEmpty()) m_lastLine = text.trimmed();
    Q_EMIT line(text);
  });
  connect(&m_call, &LineCall::failed, this, &ActorProject::end);
  connect(&m_call, &LineCall::finished, this, &ActorProject::next);
}

bool ActorProject::open(const QString& folder) {
  // The template names the project's folder and its header alike, unless somebody has moved the folder.
  const QDir dir{folder};
  for (const auto& file : dir.entryList({QStringLiteral("*.cpp")}, QDir::Files, QDir::Name)) {
    const auto name = file.chopped(4);
    if (name.endsWith(QLatin1String("_test")) || !dir.exists(name + QStringLiteral(".hpp"))) continue;
    if (!dir.exists(QStringLiteral("CMakeLists.txt"))) continue;
    m_folder = dir.absolutePath();
    m_name = name;
    Q_EMIT opened();
    return true;
  }
  return false;
}

QStringList ActorProject::sources() const {
  QStringList files;
  for (const auto* ending : {".hpp", ".cpp", "_test.cpp", ".mill"}) {
    const auto file = m_name + QLatin1String(ending);
    if (QFile::exists(m_folder + QLatin1Char('/') + file)) files << file;
  }
  files << QStringLiteral("CMakeLists.txt");
  return files;
}

void ActorProject::make(const QString& name, const QString& kind, const QString& folder) {
  if (isBusy()) return;
  m_wantedName = name;
  m_wantedKind = kind;
  m_wantedFolder = folder;
  if (!QDir{}.mkpath(QFileInfo{folder}.absolutePath())) {
    Q_EMIT failed(tr("the folder of %1 cannot be made: look who may write there").arg(folder));
    return;
  }
  begin(Step::Make);
}

void ActorProject::build() {
  if (isBusy() || !isOpen()) return;
  m_isTesting = false;
  begin(QFile::exists(m_folder + QLatin1String(buildFolder) + QStringLiteral("/CMakeCache.txt")) ? Step::Build
                                                                                                 : Step::Configure);
}

void ActorProject::test() {
  if (isBusy() || !isOpen()) return;
  m_isTesting = true;
  begin(QFile::exists(m_folder + QLatin1String(buildFolder) + QStringLiteral("/CMakeCache.txt")) ? Step::BuildTest
                                                                                                 : Step::Configure);
}

void ActorProject::cancel() {
  if (!isBusy()) return;
  m_call.cancel();
  end(tr("given up"));
}

void ActorProject::begin(Step step) {
  m_step = step;
  m_lastLine.clear();
  Q_EMIT busyChanged();
  const auto build = m_folder + QLatin1String(buildFolder);
  const auto cmake = QStringLiteral("cmake");
  if (step == Step::Make) {
    m_call.start(millraceProgram(),
                 {QStringLiteral("actor"), QStringLiteral("new"), m_wantedName, QStringLiteral("--kind"), m_wantedKind,
                  QStringLiteral("--folder"), m_wantedFolder},
                 makingMax);
  } else if (step == Step::Configure) {
    QStringList arguments{QStringLiteral("-S"), m_folder, QStringLiteral("-B"), build};
    if (!QStandardPaths::findExecutable(QStringLiteral("ninja")).isEmpty()) arguments << QStringLiteral("-GNinja");
    if (const auto prefix = prefixOfProgram(); !prefix.isEmpty()) {
      arguments << QStringLiteral("-DCMAKE_PREFIX_PATH=") + prefix;
    }
    m_call.start(cmake, arguments, configuringMax);
  } else if (step == Step::Test) {
    m_call.start(QStringLiteral("ctest"), {QStringLiteral("--test-dir"), build, QStringLiteral("--output-on-failure")},
                 testingMax);
  } else {
    QStringList arguments{QStringLiteral("--build"), build};
    // The plugin alone is there sooner.
    if (step == Step::Build) arguments << QStringLiteral("--target") << m_name;
    m_call.start(cmake, arguments, buildingMax);
  }
}

void ActorProject::next(int exitCode) {
  if (exitCode != 0) {
    switch (m_step) {
      case Step::Make:
        end(m_lastLine);
        return;
      case Step::Configure:
        // What was begun would be taken for configured.
        QFile::remove(m_folder + QLatin1String(buildFolder) + QStringLiteral("/CMakeCache.txt"));
        end(
            tr("CMake cannot set the project up: is Millrace installed with its headers (package millrace-dev)? "
               "CMAKE_PREFIX_PATH names another place"));
        return;
      case Step::Test:
        end(tr("the test failed"));
        return;
      default:
        end(tr("it cannot be built"));
        return;
    }
  }
  switch (m_step) {
    case Step::Make:
      end();
      if (!open(m_wantedFolder)) Q_EMIT failed(tr("there is no project in %1").arg(m_wantedFolder));
      return;
    case Step::Configure:
      begin(m_isTesting ? Step::BuildTest : Step::Build);
      return;
    case Step::BuildTest:
      begin(Step::Test);
      return;
    case Step::Build: {
      const auto why = publish();
      end(why);
      if (why.isEmpty()) Q_EMIT published();
      return;
    }
    case Step::Test:
      end();
      Q_EMIT tested();
      return;
    case Step::None:
      return;
  }
}

void ActorProject::end(const QString& failure) {
  m_step = Step::None;
  Q_EMIT busyChanged();
  if (!failure.isEmpty()) Q_EMIT failed(failure);
}

/// Puts the plugin where it is looked for, as a new file: an engine may have the old one loaded. Returns why not.
QString ActorProject::publish() const {
  const auto library = QStringLiteral("/lib%1.so").arg(m_name);
  const auto folder = pluginFolder();
  const bool isNew = !QFile::exists(folder);
  if (!QDir{}.mkpath(folder)) return tr("the folder %1 cannot be made").arg(folder);
  // Folders that others may write to are refused by whoever loads plugins.
  if (isNew && !QFile::setPermissions(folder, ownFolder)) return tr("%1 cannot be made private").arg(folder);
  QFile built{m_folder + QLatin1String(buildFolder) + library};
  if (!built.open(QIODevice::ReadOnly)) return tr("%1 is not there: %2").arg(built.fileName(), built.errorString());
  QSaveFile target{folder + library};
  const bool isWritten = target.open(QIODevice::WriteOnly) && target.write(built.readAll()) == built.size() &&
                         target.setPermissions(pluginRights) && target.commit();
  return isWritten ? QString{} : tr("%1 cannot be written: %2").arg(target.fileName(), target.errorString());
}

}  // namespace millrace::workbench
