#include "panels/log_panel.hpp"

#include <QTime>
#include <utility>

namespace millrace::workbench {
namespace {

constexpr int linesMax = 2000;
constexpr std::chrono::milliseconds turn{250};

}  // namespace

LogPanel::LogPanel(QWidget* parent) : QPlainTextEdit{parent} {
  setReadOnly(true);
  setMaximumBlockCount(linesMax);
  setFrameShape(QFrame::NoFrame);
  setPlaceholderText(tr("Nothing yet: press F5 to run the topology"));
  setAccessibleName(tr("Log"));
  connect(&m_turn, &QTimer::timeout, this, &LogPanel::showFresh);
  m_turn.setInterval(turn);
}

void LogPanel::add(const QString& line) {
  const auto text = QTime::currentTime().toString(QStringLiteral("HH:mm:ss  ")) + line;
  if (!m_turn.isActive()) {
    appendPlainText(text);
    m_turn.start();
  } else if (m_fresh.size() < linesAtOnce) {
    m_fresh << text;
  } else {
    ++m_left;
  }
}

void LogPanel::showFresh() {
  if (m_fresh.isEmpty()) {
    m_turn.stop();
    return;
  }
  if (m_left > 0) m_fresh << tr("          %1 lines more, too fast to be shown").arg(m_left);
  m_left = 0;
  appendPlainText(std::exchange(m_fresh, {}).join(QLatin1Char('\n')));
}

}  // namespace millrace::workbench
