#pragma once

#include <QCheckBox>
#include <QDialog>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <memory>
#include <optional>

#include "core/target.hpp"
#include "engine/command_link.hpp"
#include "millrace/transport/join_token.hpp"

namespace millrace::workbench {

/// Makes a node known as a target: with an invitation, for which a key is made here, or with a key file somebody gave.
///
/// The node is told by its fingerprint, which the user has to confirm, and pinned by its key from then on. The secret
/// of an own key is written to a file of its user's alone before the node hears of its public half; a node that did not
/// answer may be asked again, with the same key. Thread: GUI; the network has a thread of its own.
class AddNodeDialog final : public QDialog {
  Q_OBJECT

public:
  /// `keyFolder`: where own keys are put; made when it is not there.
  explicit AddNodeDialog(QString keyFolder, QWidget* parent = nullptr);
  ~AddNodeDialog() override;

  [[nodiscard]] QLineEdit& word() noexcept { return *m_word; }
  [[nodiscard]] QLineEdit& file() noexcept { return *m_file; }
  [[nodiscard]] QLineEdit& name() noexcept { return *m_name; }
  [[nodiscard]] QCheckBox& confirmation() noexcept { return *m_isConfirmed; }
  [[nodiscard]] QString message() const { return m_message->text(); }
  [[nodiscard]] QString fingerprint() const { return m_fingerprint->text(); }
  void accept() override;
  /// Not while the node is being asked, which takes seconds at most: what it answers decides about the key.
  void reject() override;

Q_SIGNALS:
  /// It is known there: what to remember.
  void added(const millrace::workbench::Target& target);

private:
  void readWord();
  void readKeyFile();
  void describe(const QString& node, const QString& serverKey, const QString& name);
  void forgetTarget();
  void giveUpKey();
  void browse();
  void askNode();
  void take(const Command& command);
  void fail(const QString& why);
  void check();

  QString m_keyFolder;
  QLineEdit* m_word;
  QLineEdit* m_file;
  QLineEdit* m_name;
  QLabel* m_node;
  QLabel* m_fingerprint;
  QCheckBox* m_isConfirmed;
  QLabel* m_message;
  QPushButton* m_add;
  std::optional<transport::join_token> m_token;
  std::optional<Target> m_target;
  std::optional<transport::curve_keys> m_own;  // made for m_token
  std::optional<transport::zmq_context> m_context;
  std::unique_ptr<CommandLink> m_link;  // before its context
  bool m_isAsking = false;
};

}  // namespace millrace::workbench
