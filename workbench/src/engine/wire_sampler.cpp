#include "engine/wire_sampler.hpp"

#include "core/json_reading.hpp"
#include "core/sample_fields.hpp"

namespace millrace::workbench {
namespace {

using nlohmann::json;

constexpr std::chrono::milliseconds readInterval{200};
constexpr int readsMax = 25;
constexpr int samplesPerS = 50;

}  // namespace

WireSampler::WireSampler(EngineSession& session, QObject* parent) : QObject{parent}, m_session{session} {
  m_pause.setSingleShot(true);
  m_pause.setInterval(readInterval);
  connect(&m_pause, &QTimer::timeout, this, &WireSampler::read);
  connect(&session, &EngineSession::targetChanged, this, &WireSampler::giveUp);
}

void WireSampler::ask(const char* verb, json args) {
  args["topology"] = m_topology;
  m_asked.insert(m_session.request(verb, std::move(args), tr("Samples")));
}

void WireSampler::start(const std::string& topology, const stream_spec& wire) {
  if (m_tail || m_isOpening) return;
  m_isOpening = true;
  m_topology = topology;
  m_records.clear();
  m_reads = 0;
  ask("tail_open", {{"channel", wire.from_actor + "." + wire.from_port + "->" + wire.to_actor + "." + wire.to_port},
                    {"rate", samplesPerS}});
}

void WireSampler::read() {
  if (!m_tail) return;
  ++m_reads;
  ask("tail_read", {{"tail", *m_tail}});
}

void WireSampler::finish(const QString& failure) {
  if (m_tail) ask("tail_close", {{"tail", *m_tail}});
  m_tail.reset();
  m_isOpening = false;
  if (!failure.isEmpty()) {
    Q_EMIT failed(failure);
    return;
  }
  if (m_records.empty()) {
    Q_EMIT failed(tr("nothing went over the wire for %1 s").arg(readsMax * readInterval.count() / 1000));
    return;
  }
  QStringList lines;
  for (const auto& record : m_records) lines << toQt(record.dump());
  Q_EMIT sampled(toQt(fieldsOf(m_records)), lines.join(QLatin1Char('\n')));
}

/// What was asked of the engine before is not answered any more.
void WireSampler::giveUp() {
  const bool isUnderWay = m_tail || m_isOpening;
  m_asked.clear();
  m_pause.stop();
  m_tail.reset();
  m_isOpening = false;
  if (isUnderWay) Q_EMIT failed(tr("another target was chosen"));
}

bool WireSampler::take(const Command& command) {
  if (m_asked.erase(command.id) == 0) return false;
  if (command.verb == "tail_close") return true;
  if (command.state != Command::State::Done) {
    if (command.verb == "tail_read") m_tail.reset();
    finish(command.message);
    return true;
  }
  if (command.verb == "tail_open") {
    m_isOpening = false;
    m_tail = countOf(command.answer, "tail");
    m_pause.start();
    return true;
  }
  for (const auto& sample : listOf(command.answer, "samples")) {
    if (!sample.is_object() || m_records.size() == recordsMax) continue;
    if (const auto record = sample.find("record"); record != sample.end() && record->is_object()) {
      m_records.push_back(*record);
    }
  }
  if (m_records.size() == recordsMax || m_reads == readsMax) {
    finish();
  } else {
    m_pause.start();
  }
  return true;
}

}  // namespace millrace::workbench
