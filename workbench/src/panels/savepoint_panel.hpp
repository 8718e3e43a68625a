#pragma once

#include <QLabel>
#include <QLineEdit>
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
  [[nodiscard]] QString message() const { return m_message->text(); }

Q_SIGNALS:
  void wanted(const std::string& verb, const nlohmann::json& args, const QString& title);
  /// Stop, and start again from this one.
  void startWanted(const QString& savepoint);

private:
  [[nodiscard]] QString current() const;
  void show(const nlohmann::json& answer);

  std::string m_topology;
  QLineEdit* m_label;
  QTreeWidget* m_list;
  QLabel* m_message;
};

}  // namespace millrace::workbench
