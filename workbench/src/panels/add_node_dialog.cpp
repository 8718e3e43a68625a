#include "panels/add_node_dialog.hpp"

#include <QDateTime>
#include <QDialogButtonBox>
#include <QDir>
#include <QFile>
#include <QFileDialog>
#include <QFontDatabase>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QRegularExpression>

#include "canvas/theme.hpp"
#include "core/text.hpp"
#include "millrace/transport/key_file.hpp"
#include "millrace/transport/node_address.hpp"

namespace millrace::workbench {
namespace {

constexpr int dialogWidth = 560;
constexpr std::chrono::milliseconds answerMax{5000};
/// Names of targets are also those of files.
constexpr int nameCharactersMax = 64;

QString fileNameOf(const QString& name) {
  static const QRegularExpression other{QStringLiteral("[^A-Za-z0-9._-]")};
  auto text = name;
  return text.replace(other, QStringLiteral("_")) + QStringLiteral(".key");
}

/// `HOST` of tcp://HOST:PORT.
QString hostOf(const QString& address) {
  return address.section(QLatin1Char('/'), -1).section(QLatin1Char(':'), 0, -2);
}

QLabel* makeFact() {
  auto* label = new QLabel{QStringLiteral("–")};
  label->setWordWrap(true);
  label->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
  return label;
}

}  // namespace

AddNodeDialog::AddNodeDialog(QString keyFolder, QWidget* parent)
    : QDialog{parent},
      m_keyFolder{std::move(keyFolder)},
      m_word{new QLineEdit},
      m_file{new QLineEdit},
      m_name{new QLineEdit},
      m_node{makeFact()},
      m_fingerprint{makeFact()},
      m_isConfirmed{new QCheckBox{tr("&That is the fingerprint I was told")}},
      m_message{new QLabel} {
  setWindowTitle(tr("Add a node"));
  setMinimumWidth(dialogWidth);
  auto* form = new QFormLayout{this};
  form->setContentsMargins(16, 16, 16, 16);
  form->setVerticalSpacing(10);
  form->setHorizontalSpacing(14);
  m_word->setPlaceholderText(tr("mrk1.… from 'millrace key invite NAME', or from the node's administrator"));
  m_word->setAccessibleName(tr("Invitation"));
  form->addRow(tr("&Invitation"), m_word);
  auto* row = new QHBoxLayout;
  m_file->setPlaceholderText(tr("or the key file you were given"));
  row->addWidget(m_file, 1);
  auto* choose = new QPushButton{tr("&Browse …")};
  choose->setAutoDefault(false);
  connect(choose, &QPushButton::clicked, this, &AddNodeDialog::browse);
  row->addWidget(choose);
  auto* fileLabel = new QLabel{tr("&Key file")};
  fileLabel->setBuddy(m_file);
  form->addRow(fileLabel, row);
  m_name->setMaxLength(nameCharactersMax);
  m_name->setPlaceholderText(tr("as you call it"));
  form->addRow(tr("&Name"), m_name);
  form->addRow(tr("Node"), m_node);
  m_fingerprint->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
  form->addRow(tr("Fingerprint"), m_fingerprint);
  form->addRow(QString{}, m_isConfirmed);
  m_message->setWordWrap(true);
  form->addRow(m_message);
  auto* buttons = new QDialogButtonBox{QDialogButtonBox::Cancel};
  m_add = buttons->addButton(tr("&Add"), QDialogButtonBox::AcceptRole);
  m_add->setDefault(true);
  form->addRow(buttons);
  connect(buttons, &QDialogButtonBox::accepted, this, &AddNodeDialog::accept);
  connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
  connect(m_word, &QLineEdit::textChanged, this, &AddNodeDialog::readWord);
  connect(m_file, &QLineEdit::textChanged, this, &AddNodeDialog::readKeyFile);
  connect(m_name, &QLineEdit::textChanged, this, &AddNodeDialog::check);
  connect(m_isConfirmed, &QCheckBox::toggled, this, &AddNodeDialog::check);
  check();
  m_word->setFocus();
}

AddNodeDialog::~AddNodeDialog() {
  giveUpKey();
}

/// A key that is no target's: nobody shall keep it, and its name is free.
void AddNodeDialog::giveUpKey() {
  if (!m_own) return;
  QFile::remove(m_target->keyFile);
  m_own.reset();
  m_target.reset();
}

void AddNodeDialog::forgetTarget() {
  giveUpKey();
  m_token.reset();
  m_target.reset();
  m_isConfirmed->setChecked(false);
  m_node->setText(QStringLiteral("–"));
  m_fingerprint->setText(QStringLiteral("–"));
  m_message->clear();
}

void AddNodeDialog::describe(const QString& node, const QString& serverKey, const QString& name) {
  m_node->setText(node);
  m_fingerprint->setText(toQt(transport::fingerprint(toStd(serverKey))));
  // Until the user calls it otherwise.
  if (!m_name->isModified()) m_name->setText(name);
}

void AddNodeDialog::readWord() {
  const auto word = m_word->text().trimmed();
  if (!word.isEmpty()) {
    const QSignalBlocker quiet{m_file};
    m_file->clear();
  }
  forgetTarget();
  if (!word.isEmpty()) {
    auto token = transport::join_token_of(toStd(word));
    if (!token) {
      fail(toQt(token.error().message));
    } else if (token->holder.empty()) {
      fail(
          tr("this invitation is for another node ('millrace node join' takes it): ask for one for yourself, by "
             "'millrace key invite'"));
    } else if (token->ends <= std::chrono::system_clock::now()) {
      fail(tr("this invitation has ended: ask for another one"));
    } else {
      const auto ends = QDateTime::fromSecsSinceEpoch(token->ends.time_since_epoch().count());
      const auto address = toQt(token->address);
      describe(tr("%1\nkey of %2, as %3; the invitation is good until %4")
                   .arg(address, toQt(token->holder), toQt(token->role), ends.toString(QStringLiteral("HH:mm:ss"))),
               toQt(token->server_key), hostOf(address));
      m_token = *std::move(token);
    }
  }
  check();
}

void AddNodeDialog::readKeyFile() {
  if (!m_file->text().isEmpty()) {
    const QSignalBlocker quiet{m_word};
    m_word->clear();
  }
  forgetTarget();
  if (!m_file->text().isEmpty()) {
    auto target = targetOfKeyFile(m_file->text());
    if (target) {
      describe(tr("%1\nkey of %2").arg(target->address, target->name), target->serverKey, hostOf(target->address));
      m_target = *std::move(target);
    } else {
      fail(toQt(target.error().message));
    }
  }
  check();
}

void AddNodeDialog::browse() {
  const auto path = QFileDialog::getOpenFileName(this, tr("A key file"), {}, tr("Keys (*.key);;All files (*)"));
  if (!path.isEmpty()) m_file->setText(path);
}

void AddNodeDialog::check() {
  const bool isKnown = m_token || m_target;
  m_isConfirmed->setEnabled(isKnown && !m_isAsking);
  m_add->setEnabled(isKnown && m_isConfirmed->isChecked() && !m_name->text().trimmed().isEmpty() && !m_isAsking);
}

void AddNodeDialog::fail(const QString& why) {
  auto colours = m_message->palette();
  colours.setColor(QPalette::WindowText, Theme::current().of(Health::Critical));
  m_message->setPalette(colours);
  m_message->setText(why);
}

void AddNodeDialog::accept() {
  if (!m_add->isEnabled()) return;
  if (m_token) {
    askNode();
    return;
  }
  m_target->name = m_name->text().trimmed();
  m_target->keyFile = QFileInfo{m_target->keyFile}.absoluteFilePath();
  Q_EMIT added(*m_target);
  QDialog::accept();
}

void AddNodeDialog::reject() {
  if (!m_isAsking) QDialog::reject();
}

/// First the file: a key that is in force and that nobody has would be a name lost.
void AddNodeDialog::askNode() {
  if (!m_own) {
    auto own = transport::make_curve_keys();
    const auto folder = QDir{m_keyFolder};
    if (!own || !QDir{}.mkpath(m_keyFolder) ||
        !QFile::setPermissions(m_keyFolder, QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner)) {
      fail(own ? tr("the folder %1 cannot be made: check who may write there").arg(m_keyFolder)
               : toQt(own.error().message));
      return;
    }
    const auto path = folder.filePath(fileNameOf(m_name->text().trimmed()));
    const transport::key_file key{m_token->holder, m_token->address, {m_token->server_key, *own}};
    if (auto written = transport::write_key_file(toStd(path), key); !written) {
      fail(written.error().code == errc::already_exists
               ? tr("there is a key for a node called '%1' already: give this one another name").arg(m_name->text())
               : toQt(written.error().message));
      return;
    }
    m_own = *std::move(own);
    m_target = Target{m_name->text().trimmed(), toQt(m_token->address), toQt(m_token->server_key), path};
  }
  const auto invited = transport::curve_keys_of(m_token->secret_key);
  if (!m_context) {
    if (auto opened = transport::zmq_context::open(0)) m_context.emplace(*std::move(opened));
  }
  if (!invited || !m_context) {
    giveUpKey();
    fail(tr("no connection can be made: out of sockets"));
    return;
  }
  m_link = std::make_unique<CommandLink>(
      *m_context, Destination{m_token->address, transport::remote_keys{m_token->server_key, *invited}});
  connect(m_link.get(), &CommandLink::commandFinished, this, &AddNodeDialog::take);
  m_link->start();
  Command command;
  command.verb = "key_accept";
  command.args = {{"public_key", m_own->public_key}};
  command.title = tr("Add %1").arg(m_target->name);
  command.deadline = answerMax;
  m_isAsking = m_link->send(std::move(command));
  if (m_isAsking) {
    m_message->setPalette({});
    m_message->setText(tr("asking the node …"));
  } else {
    giveUpKey();
    fail(tr("the node cannot be asked now: try again"));
  }
  check();
}

void AddNodeDialog::take(const Command& command) {
  m_isAsking = false;
  if (command.state == Command::State::Done) {
    m_own.reset();  // it is the target's now
    m_target->name = m_name->text().trimmed();
    Q_EMIT added(*m_target);
    QDialog::accept();
    return;
  }
  if (command.state == Command::State::Unknown) {
    fail(tr("%1 The node may have taken the key: Add asks again, with the same one.").arg(command.message));
  } else {
    giveUpKey();
    fail(tr("%1 An invitation that was removed, or that another node gave, is not answered either.")
             .arg(command.message.endsWith(QLatin1Char('?')) ? command.message : command.message + QLatin1Char('.')));
  }
  check();
}

}  // namespace millrace::workbench
