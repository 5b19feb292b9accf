//! What help begins with: a few lines to copy, none wider than a terminal.

pub(super) const DROPCTL: &str = "Examples:
  dropctl doctor                   what this node allows, and what is missing
  dropctl report                   explain the drops of this node
  dropctl report -o report.md      as Markdown, and report.json.gz: attach both
  dropctl report --since 10m       what the agent remembers of ten minutes
  dropctl report --incident last   the last time that something was lost
  dropctl size --incident last     which ring buffer would have been enough then
  dropctl record -o node.jsonl.gz  write down what is seen, to explain elsewhere
  dropctl report --input FILE      explain a recording, or one inside a report
  dropctl diff before.gz after.gz  compare two of them: did a change help?
  dropctl explain falco.log        what Falco's drop alerts mean
  dropctl explain DC102            what a finding means
  dropctl top                      watch all of it live
  dropctl agent                    count all the time and serve /metrics

Data goes to stdout, talk to stderr. Exit codes: 0 it ran; 1 it ran, and what is needed or watched for is not as it \
should be; 2 it could not run, and says what to do.";

pub(super) const AGENT: &str = "Examples:
  dropctl agent                                  http://127.0.0.1:9753/metrics
  dropctl agent --mode count                     count only, at the least price
  dropctl agent --mode passive                   attach nothing to syscalls
  dropctl agent --listen 0.0.0.0:9753            for a Prometheus elsewhere
  dropctl agent --incident-dir /var/lib/dropctl  keep incidents over a restart";

pub(super) const REPORT: &str = "Examples:
  dropctl report                          ask the agent, or look for 10 seconds
  dropctl report --duration 1m -o r.md    Markdown, and r.json.gz: attach both
  dropctl report -o r.md --redact-map m   the same; m says who is who, for you
  dropctl report -o report.html           with charts over time, for a browser
  dropctl report --since 10m              ten minutes of the agent's memory
  dropctl report --incident last          the last loss; `list` shows all
  dropctl report --fail-on critical       code 1 if a finding is that severe
  dropctl report --input report.json.gz   somebody else's: needs no rights";

pub(super) const RECORD: &str = "Examples:
  dropctl record -o node.jsonl.gz                10 seconds, compressed
  dropctl record --duration 5m -o node.jsonl.gz  five minutes, or up to Ctrl-C
  dropctl report --input node.jsonl.gz           explains it, anywhere";

pub(super) const EXPLAIN: &str = "Examples:
  dropctl explain DC102                             the page of a finding
  dropctl explain falco.log                         all alerts in a file
  kubectl logs -n falco ds/falco | dropctl explain  the same from a pipe
  dropctl explain alert.json --recording r.gz       with what r.gz shows of then";

pub(super) const SIZE: &str = "Examples:
  dropctl size --duration 5m           look at this node for five minutes
  dropctl size --incident last         would a larger ring have held it?
  dropctl size --since 15m             the same of all that the agent remembers
  dropctl size --input report.json.gz  of a recording or a report, anywhere
  dropctl size --sizes 256KiB,16MiB    judge these sizes (docs/sizing.md)";

pub(super) const DIFF: &str = "Examples:
  dropctl record --duration 2m -o before.gz  before the change, under load
  dropctl record --duration 2m -o after.gz   after it, under the same load
  dropctl diff before.gz after.gz            improved, worse, or cannot tell
  dropctl diff old.json.gz report.json.gz    reports in JSON hold recordings";

pub(super) const TOP: &str = "Examples:
  dropctl top                        rings, tools, losers, findings; ? for keys
  dropctl top --interval 5s          a calmer one
  dropctl top --mode passive         attach nothing to syscalls
  dropctl top --once | less          one view as plain text
  dropctl top --input node.jsonl.gz  replay a recording: needs no rights
  NO_COLOR=1 dropctl top             without colours";

pub(super) const DOCTOR: &str = "Examples:
  sudo dropctl doctor                              try what it needs
  dropctl doctor --format json                     code 1 if one is missing
  kubectl -n dropctl exec $POD -- /dropctl doctor  with the rights of the pod";

pub(super) const COMPLETIONS: &str = "Examples:
  dropctl completions bash > /etc/bash_completion.d/dropctl
  dropctl completions zsh > \"${fpath[1]}/_dropctl\"
  dropctl completions fish > ~/.config/fish/completions/dropctl.fish";

pub(super) const MAN: &str = "Examples:
  dropctl man report | man -l -                read the page of a command
  dropctl man --all /usr/local/share/man/man1  install all pages";
