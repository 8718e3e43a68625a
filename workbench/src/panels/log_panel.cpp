#include "panels/log_panel.hpp"

#include <QTime>

namespace millrace::workbench {
namespace {

constexpr int linesMax = 2000;

}  // namespace

LogPanel::LogPanel(QWidget* parent) : QPlainTextEdit{parent} {
  setReadOnly(true);
  setMaximumBlockCount(linesMax);
  setFrameShape(QFrame::NoFrame);
  setPlaceholderText(tr("Nothing yet: press F5 to run the topology"));
  setAccessibleName(tr("Log"));
}

void LogPanel::add(const QString& line) {
  appendPlainText(QTime::currentTime().toString(QStringLiteral("HH:mm:ss  ")) + line);
}

}  // namespace millrace::workbench
