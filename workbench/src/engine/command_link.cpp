#include "engine/command_link.hpp"

#include <memory>

#include "core/text.hpp"
#include "millrace/transport/control_client.hpp"

namespace millrace::workbench {
namespace {

using transport::control_client;

void settle(Command& command, const result<nlohmann::json>& outcome) {
  if (outcome) {
    command.state = Command::State::Done;
    command.answer = *outcome;
    return;
  }
  command.state = outcome.error().code == errc::timeout ? Command::State::Unknown : Command::State::Failed;
  command.message = toQt(outcome.error().message);
}

}  // namespace

CommandLink::CommandLink(transport::zmq_context& context, Destination destination, QObject* parent)
    : QThread{parent}, m_context{context}, m_destination{std::move(destination)} {
  qRegisterMetaType<Command>();
}

void CommandLink::end() {
  const QMutexLocker lock{&m_mutex};
  m_isEnding = true;
  m_wake.wakeAll();
}

CommandLink::~CommandLink() {
  end();
  // Bounded by the deadline of the command in hand.
  wait();
}

bool CommandLink::send(Command command) {
  const QMutexLocker lock{&m_mutex};
  if (m_waiting.size() >= waitingMax) return false;
  m_waiting.push_back(std::move(command));
  m_wake.wakeAll();
  return true;
}

/// What still waits when the link ends was never sent.
void CommandLink::failWaiting() {
  std::deque<Command> left;
  {
    const QMutexLocker lock{&m_mutex};
    left.swap(m_waiting);
  }
  for (auto& command : left) {
    command.state = Command::State::Failed;
    command.message = tr("the engine is gone");
    Q_EMIT commandFinished(command);
  }
}

bool CommandLink::next(Command& command) {
  const QMutexLocker lock{&m_mutex};
  while (m_waiting.empty() && !m_isEnding) m_wake.wait(&m_mutex);
  if (m_isEnding) return false;
  command = std::move(m_waiting.front());
  m_waiting.pop_front();
  return true;
}

void CommandLink::run() {
  std::unique_ptr<control_client> client;
  for (Command command; next(command);) {
    if (client == nullptr) {
      auto connected =
          control_client::connect(m_context, m_destination.address, m_destination.connectMax(), m_destination.keys);
      if (!connected) {
        // It was never sent.
        command.state = Command::State::Failed;
        command.message = toQt(connected.error().message);
        Q_EMIT commandFinished(command);
        continue;
      }
      client = *std::move(connected);
    }
    if (command.sendUntil.hasExpired()) {
      command.state = Command::State::Failed;
      command.message = tr("not sent: the engine was busy with others for too long");
      Q_EMIT commandFinished(command);
      continue;
    }
    settle(command, client->call(command.verb, command.args, command.deadline));
    if (command.state == Command::State::Unknown) client.reset();
    Q_EMIT commandFinished(command);
  }
  failWaiting();
}

}  // namespace millrace::workbench
