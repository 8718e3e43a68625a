#pragma once

#include <QCheckBox>
#include <QLabel>
#include <QLineEdit>
#include <QTimer>
#include <QTreeWidget>
#include <QWidget>
#include <nlohmann/json.hpp>

#include "engine/command_link.hpp"

namespace millrace::workbench {

/// Savepoints of the topology in front: take one, go back to one, delete one. What the engine is asked goes out as
/// `wanted`, its answers come in by `take`. Thread: GUI.
class SavepointPanel final : public QWidget {
  Q_OBJECT

public:
  explicit SavepointPanel(QWidget* parent = nullptr);
  /// Empty: the engine has none in front.
  void setTopology(const std::string& topology);
  void take(const Command& command);
  /// Of what runs, or of the newest snapshot of what does not.
  void takeSavepoint();
  /// Asks for the list again.
  void refresh();
  [[nodiscard]] int count() const { return m_list->topLevelItemCount(); }
  [[nodiscard]] QTreeWidget& list() noexcept { return *m_list; }
  /// Goes on from the current one.
  void startFromCurrent();
  /// After a question: nothing brings it back.
  void deleteCurrent();
  [[nodiscard]] QString message() const { return m_message->text(); }

Q_SIGNALS:
  void wanted(const std::string& verb, const nlohmann::json& args, const QString& title);
  /// Stop, and start again from this one. `acceptsDuplicates`: sinks may write twice what they cannot take back.
  void startWanted(const QString& savepoint, bool acceptsDuplicates);

private:
  [[nodiscard]] QString current() const;
  void show(const nlohmann::json& answer);
  [[nodiscard]] QString failureOf(const nlohmann::json& answer) const;

  std::string m_topology;
  QString m_taken;  // the id of the newest that was asked for here
  QTimer m_look;    // while one is being written
  QCheckBox* m_accepts;
  QLineEdit* m_label;
  QTreeWidget* m_list;
  QLabel* m_message;
};

}  // namespace millrace::workbench
