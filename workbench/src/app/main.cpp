#include <QApplication>
#include <QCommandLineParser>
#include <QFile>
#include <optional>

#include "app/make_window.hpp"
#include "app/settings.hpp"
#include "canvas/theme.hpp"
#include "pictures/screenshots.hpp"

int main(int argc, char** argv) {
  namespace workbench = millrace::workbench;
  QApplication app{argc, argv};
  QApplication::setApplicationName(QStringLiteral("millrace-workbench"));
  QApplication::setApplicationVersion(QStringLiteral(MILLRACE_VERSION));
  if (!workbench::setUpLooks(app, true)) qFatal("the workbench's own fonts cannot be loaded: is the program damaged?");

  QCommandLineParser parser;
  parser.setApplicationDescription(QStringLiteral("Wire, run, break and watch topologies."));
  parser.addHelpOption();
  parser.addVersionOption();
  parser.addPositionalArgument(QStringLiteral("FILE"), QStringLiteral("Topologies to open (.mill)"),
                               QStringLiteral("[FILE…]"));
  const QCommandLineOption screenshots{QStringLiteral("screenshots"), QStringLiteral("Make pictures of all states"),
                                       QStringLiteral("FOLDER")};
  parser.addOption(screenshots);
  const QCommandLineOption part{QStringLiteral("part"),
                                QStringLiteral("Of the pictures only these; may be repeated: %1")
                                    .arg(workbench::screenshotParts().join(QStringLiteral(", "))),
                                QStringLiteral("NAME")};
  parser.addOption(part);
  const QCommandLineOption node{QStringLiteral("connect"),
                                QStringLiteral("Work with this node: tcp://HOST:PORT, or ipc:// and a socket's path"),
                                QStringLiteral("URI")};
  parser.addOption(node);
  const QCommandLineOption key{QStringLiteral("key-file"), QStringLiteral("The key for it"), QStringLiteral("FILE")};
  parser.addOption(key);
  parser.process(app);
  if (const auto engine = workbench::Settings{}.enginePath();
      !engine.isEmpty() && !qEnvironmentVariableIsSet("MILLRACE_COMMAND")) {
    qputenv("MILLRACE_COMMAND", QFile::encodeName(engine));
  }
  if (parser.isSet(screenshots)) return workbench::makeScreenshots(parser.value(screenshots), parser.values(part));

  std::optional<workbench::Target> target;
  if (parser.isSet(node)) {
    auto wanted = workbench::targetOfUri(parser.value(node), parser.value(key));
    if (!wanted) {
      qCritical("--connect: %s", wanted.error().message.c_str());
      return 2;
    }
    target = *std::move(wanted);
  }
  const auto window = workbench::makeWindow();
  if (target) window->nodes().visit(*target);
  window->arrange(workbench::MainWindow::Arrangement::Build);
  window->show();
  for (const auto& path : parser.positionalArguments()) window->openFile(path);
  window->offerLostWork();
  return QApplication::exec();
}
