#pragma once

#include <QObject>
#include <QStringList>
#include <QTimer>
#include <optional>
#include <set>

#include "engine/engine_session.hpp"

namespace millrace::workbench {

/// Takes a few records from a wire of what runs, and is done: ten, or as many as come within five seconds. One wire at
/// a time. Thread: GUI.
class WireSampler final : public QObject {
  Q_OBJECT

public:
  explicit WireSampler(EngineSession& session, QObject* parent = nullptr);
  void start(const std::string& topology, const stream_spec& wire);
  /// Takes the answers to what this has asked; false: the command is somebody else's.
  bool take(const Command& command);

  static constexpr std::size_t recordsMax = 10;

Q_SIGNALS:
  /// `fields` as a source of records has them, and an event a line, in JSON.
  void sampled(const QString& fields, const QString& events);
  void failed(const QString& why);

private:
  void ask(const char* verb, nlohmann::json args);
  void read();
  void finish(const QString& failure = {});
  void giveUp();

  EngineSession& m_session;
  std::string m_topology;
  std::optional<std::uint64_t> m_tail;
  std::vector<nlohmann::json> m_records;
  std::set<quint64> m_asked;
  int m_reads = 0;
  bool m_isOpening = false;
  QTimer m_pause;
};

}  // namespace millrace::workbench
