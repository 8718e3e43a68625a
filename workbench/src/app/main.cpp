#include <QApplication>
#include <QCommandLineParser>
#include <QStyleFactory>

#include "app/main_window.hpp"
#include "canvas/theme.hpp"

int main(int argc, char** argv) {
  namespace workbench = millrace::workbench;
  QApplication app{argc, argv};
  QApplication::setApplicationName(QStringLiteral("millrace-workbench"));
  QApplication::setApplicationVersion(QStringLiteral(MILLRACE_VERSION));
  QApplication::setStyle(QStyleFactory::create(QStringLiteral("Fusion")));
  if (!workbench::useOwnFonts(app)) qFatal("the workbench's own fonts cannot be loaded: is the program damaged?");
  workbench::useTheme(app, true);

  QCommandLineParser parser;
  parser.setApplicationDescription(QStringLiteral("Wire, run, break and watch topologies."));
  parser.addHelpOption();
  parser.addVersionOption();
  parser.addPositionalArgument(QStringLiteral("FILE"), QStringLiteral("Topologies to open (.mill)"),
                               QStringLiteral("[FILE…]"));
  parser.process(app);

  workbench::MainWindow window;
  window.show();
  for (const auto& path : parser.positionalArguments()) window.openFile(path);
  return QApplication::exec();
}
