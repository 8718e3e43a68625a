#include "pictures/picture_session.hpp"

#include <QCoreApplication>
#include <QElapsedTimer>
#include <QEventLoop>
#include <QFile>
#include <QMouseEvent>
#include <QPixmap>
#include <cstdio>
#include <stdexcept>

#include "app/make_window.hpp"
#include "core/text.hpp"
#include "core/topology_edits.hpp"

namespace millrace::workbench {
namespace {

constexpr qint64 askMs = 5'000;

}  // namespace

void PictureSession::pumpUntil(const std::function<bool()>& isReached, const char* what, qint64 mostMs) {
  QElapsedTimer waited;
  waited.start();
  while (!isReached()) {
    if (waited.elapsed() > mostMs) throw std::runtime_error{what};
    QCoreApplication::processEvents(QEventLoop::WaitForMoreEvents | QEventLoop::AllEvents);
  }
}

void PictureSession::askUntil(const std::function<void()>& ask, const std::function<bool()>& isReached,
                              const char* what) {
  QElapsedTimer waited;
  ask();
  waited.start();
  pumpUntil(
      [&] {
        if (isReached()) return true;
        if (waited.elapsed() > askMs) {
          waited.restart();
          ask();
        }
        return false;
      },
      what);
}

PictureSession::PictureSession(QString folder) : m_folder{std::move(folder)}, m_window{makeWindow()} {
  m_since.start();
  m_window->show();
  pumpUntil([this] { return !m_window->catalogueSource().catalogue().isEmpty(); }, "the engine lists no actors");
}

void PictureSession::shoot(const char* name) {
  for (const bool isDark : {true, false}) {
    m_window->setDark(isDark);
    for (const int scale : {1, 2}) {
      QCoreApplication::processEvents();
      QPixmap picture{m_window->size() * scale};
      picture.setDevicePixelRatio(scale);
      m_window->render(&picture);
      save(picture, QStringLiteral("%1-%2-%3x")
                        .arg(QString::fromLatin1(name), isDark ? QStringLiteral("dark") : QStringLiteral("light"))
                        .arg(scale));
    }
  }
  m_window->setDark(true);
  tell(name);
}

void PictureSession::shoot(const char* name, QWidget& dialog) {
  if (!dialog.isVisible()) dialog.show();
  for (const bool isDark : {true, false}) {
    m_window->setDark(isDark);
    QCoreApplication::processEvents();
    save(dialog.grab(),
         QString::fromLatin1(name) + (isDark ? QStringLiteral("-dark-1x") : QStringLiteral("-light-1x")));
  }
  m_window->setDark(true);
  tell(name);
}

void PictureSession::tell(const char* name) {
  (void)std::printf("%5.1f s  %s\n", static_cast<double>(m_since.elapsed()) / 1000, name);
  (void)std::fflush(stdout);
}

void PictureSession::save(const QPixmap& picture, const QString& name) {
  if (!picture.save(QStringLiteral("%1/%2.png").arg(m_folder, name))) {
    throw std::runtime_error{"a picture cannot be written"};
  }
}

void PictureSession::draw(std::initializer_list<const char*> types) {
  for (const auto* type : types) tab().addType(QStringLiteral("millrace.") + QString::fromLatin1(type));
}

void PictureSession::open(topology spec) {
  const auto path = m_folder + QLatin1Char('/') + toQt(spec.name) + QStringLiteral(".mill");
  DocumentFile file{1};
  Drawing fragment{std::move(spec), {}};
  std::vector<std::string> added;
  auto renamed = file.document().edit();
  renamed.rename(fragment.spec.name);
  file.document().push(renamed.take({}));
  file.document().push(insertion(file.document(), fragment, {}, {}, added));
  if (!file.save(path)) throw std::runtime_error{"a topology cannot be saved"};
  QFile::remove(DocumentFile::layoutPath(path));  // laid out on opening
  m_window->openFile(path);
  QFile::remove(path);
}

void PictureSession::mouse(QEvent::Type type, QPoint at, Qt::MouseButtons buttons) {
  auto* viewport = tab().view().viewport();
  const auto button = type == QEvent::MouseMove ? Qt::NoButton : Qt::LeftButton;
  QMouseEvent event{type, at, viewport->mapToGlobal(at), button, buttons, Qt::NoModifier};
  QCoreApplication::sendEvent(viewport, &event);
}

void PictureSession::waitForRun(double seconds) {
  pumpUntil(
      [&] {
        const auto* run = m_window->engine().figures();
        return run != nullptr && run->isActive() && run->uptimeS > seconds;
      },
      "the topology does not run");
}

void PictureSession::waitForMore(double seconds) {
  const auto uptime = [this] {
    const auto* run = m_window->engine().figures();
    return run == nullptr ? 0 : run->uptimeS;
  };
  const auto from = uptime();
  pumpUntil([&] { return uptime() > from + seconds; }, "no figures come");
}

}  // namespace millrace::workbench
