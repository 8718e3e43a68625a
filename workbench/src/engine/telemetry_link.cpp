#include "engine/telemetry_link.hpp"

#include "core/text.hpp"
#include "engine/backoff.hpp"
#include "millrace/transport/control_client.hpp"

namespace millrace::workbench {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds interval{1000 / TelemetryLink::figuresPerS};
/// How soon an end is noticed.
constexpr milliseconds pollTime{200};
/// Silence after which the engine counts as lost: it sends its state whether anything happens or not.
constexpr milliseconds silenceMax{3000};

}  // namespace

TelemetryLink::TelemetryLink(transport::zmq_context& context, Destination destination, QObject* parent)
    : QThread{parent}, m_context{context}, m_destination{std::move(destination)} {}

void TelemetryLink::end() {
  m_isEnding = true;
  hurry();
}

TelemetryLink::~TelemetryLink() {
  end();
  // Bounded by the time a connection may take: every wait in there is.
  wait();
}

FiguresPtr TelemetryLink::take() {
  const QMutexLocker lock{&m_mutex};
  m_isTold = false;
  return m_newest;
}

void TelemetryLink::hurry() {
  const QMutexLocker lock{&m_mutex};
  m_isHurried = true;
  m_wake.wakeAll();
}

void TelemetryLink::waitFor(milliseconds time) {
  const QMutexLocker lock{&m_mutex};
  if (!m_isHurried && !m_isEnding) m_wake.wait(&m_mutex, static_cast<unsigned long>(time.count()));
  m_isHurried = false;
}

void TelemetryLink::publish(FiguresPtr figures) {
  {
    const QMutexLocker lock{&m_mutex};
    m_newest = std::move(figures);
    if (m_isTold) return;
    m_isTold = true;
  }
  Q_EMIT figuresCame();
}

void TelemetryLink::run() {
  Backoff backoff;
  while (!m_isEnding) {
    m_wasConnected = false;
    const auto why = watch();
    if (m_isEnding) return;
    if (m_wasConnected) backoff.reset();
    const auto pause = backoff.next();
    Q_EMIT lost(why, static_cast<int>(pause.count()));
    waitFor(pause);
  }
}

QString TelemetryLink::watch() {
  const auto connectMax = m_destination.connectMax();
  const auto client =
      transport::control_client::connect(m_context, m_destination.address, connectMax, m_destination.keys);
  if (!client) return toQt(client.error().message);
  const auto subscribed = (*client)->subscribe("telemetry", interval, connectMax);
  if (!subscribed) return toQt(subscribed.error().message);
  m_wasConnected = true;
  Q_EMIT connected();
  auto heard = std::chrono::steady_clock::now();
  while (!m_isEnding) {
    const auto event = (*client)->next_event(pollTime);
    const auto now = std::chrono::steady_clock::now();
    if (event) {
      heard = now;
      static const std::map<std::string, RunFigures> none;
      const auto& before = m_newest == nullptr ? none : *m_newest;  // only this thread sets it
      publish(std::make_shared<std::map<std::string, RunFigures>>(readFigures(event->data, before)));
    } else if (event.error().code != errc::timeout) {
      return toQt(event.error().message);
    } else if (now - heard > silenceMax) {
      return tr("the engine has not answered for %1 s").arg(silenceMax.count() / 1000);
    }
  }
  return {};
}

}  // namespace millrace::workbench
