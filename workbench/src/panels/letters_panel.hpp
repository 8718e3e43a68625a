#pragma once

#include <QLabel>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QTreeWidget>
#include <QWidget>
#include <nlohmann/json.hpp>

#include "core/letter_fixes.hpp"
#include "engine/command_link.hpp"

namespace millrace::workbench {

/// Dead letters of the topology in front: what was given up and why, to be mended one by one or many at a time, sent
/// through once more or discarded. The first 500. What the engine is asked goes out as `wanted`, its answers come in by
/// `take`. Thread: GUI.
class LettersPanel final : public QWidget {
  Q_OBJECT

public:
  explicit LettersPanel(QWidget* parent = nullptr);
  void setTopology(const std::string& topology);
  /// Those of one actor only; empty: of all.
  void setActor(const std::string& actor);
  void take(const Command& command);
  void refresh();
  [[nodiscard]] QTreeWidget& list() noexcept { return *m_list; }
  [[nodiscard]] QPlainTextEdit& content() noexcept { return *m_content; }
  [[nodiscard]] QString message() const { return m_message->text(); }
  /// Mends what is selected; `isReplayed`: and sends it through once more when that is done.
  void fix(bool isReplayed);

Q_SIGNALS:
  void wanted(const std::string& verb, const nlohmann::json& args, const QString& title);

private:
  void show(const nlohmann::json& answer);
  void showContent();
  void act(const char* verb, const QString& title);
  [[nodiscard]] nlohmann::json chosen() const;
  [[nodiscard]] std::vector<LetterNote> chosenLetters() const;

  std::string m_topology, m_actor;
  bool m_isReplayed = false;  // what is being mended
  QTreeWidget* m_list;
  QPlainTextEdit* m_content;
  QLineEdit* m_match;
  QLineEdit* m_with;
  QLabel* m_message;
};

}  // namespace millrace::workbench
