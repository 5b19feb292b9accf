//! What help begins with: a few lines to copy.

pub(super) const DROPCTL: &str = "Examples:
  dropctl doctor                        say what this node allows, and how to get what is missing
  dropctl report                        look at this node for 10 seconds
  dropctl report -o report.md           as Markdown, and report.json.gz: attach both to an issue
  dropctl record -o node.jsonl.gz       write down what is seen, to explain it elsewhere
  dropctl report --input node.jsonl.gz  explain a recording, or the one inside a report in JSON
  dropctl diff before.gz after.gz       compare two recordings or reports: did a change help?
  dropctl explain falco.log             say what Falco's drop alerts mean; DC102: a finding's page
  dropctl report --since 10m            explain what the agent remembers of the last ten minutes
  dropctl report --incident last        the same of the last time that something was lost
  dropctl size --incident last          which ring buffer would have been enough for it
  dropctl top                           watch all of it live
  dropctl agent                         count all the time and serve http://127.0.0.1:9753/metrics

Data goes to stdout, talk to stderr. Exit codes: 0 it ran; 1 it ran, and what is needed or watched for is not as it \
should be; 2 it could not run, and says what to do.";

pub(super) const AGENT: &str = "Examples:
  dropctl agent                                  serve http://127.0.0.1:9753/metrics
  dropctl agent --mode count                     count only, at the least price
  dropctl agent --mode passive                   watch rings, and attach nothing to syscalls
  dropctl agent --listen 0.0.0.0:9753            for a Prometheus elsewhere
  dropctl agent --incident-dir /var/lib/dropctl  keep incidents over a restart";

pub(super) const REPORT: &str = "Examples:
  dropctl report                             look at this node for 10 seconds
  dropctl report --duration 1m -o report.md  as Markdown, and report.json.gz: attach both to an issue
  dropctl report -o r.md --redact-map names  the same; the map says what its pseudonyms stand for
  dropctl report -o report.html              the page with charts over time, for a browser
  dropctl report --since 10m                 the last ten minutes, from the agent's memory
  dropctl report --incident last             the last loss; `list` shows which there are
  dropctl report --fail-on critical          end with code 1 if a finding is as severe as that
  dropctl report --input report.json.gz      somebody else's, replayed: needs no rights";

pub(super) const RECORD: &str = "Examples:
  dropctl record -o node.jsonl.gz                10 seconds, compressed
  dropctl record --duration 5m -o node.jsonl.gz  five minutes, or up to Ctrl-C
  dropctl report --input node.jsonl.gz           explains it, anywhere";

pub(super) const EXPLAIN: &str = "Examples:
  dropctl explain DC102                                 the page of a finding
  dropctl explain falco.log                             all alerts in a file, JSON or text
  kubectl logs -n falco ds/falco | dropctl explain      the same from a pipe
  dropctl explain alert.json --recording node.jsonl.gz  with what a recording shows of that time";

pub(super) const SIZE: &str = "Examples:
  dropctl size --duration 5m           look at this node for five minutes
  dropctl size --incident last         would a larger ring have held what was lost the last time?
  dropctl size --since 15m             the same of all that the agent remembers
  dropctl size --input report.json.gz  the same of a recording, or of somebody's report, anywhere
  dropctl size --sizes 256KiB,16MiB    judge these sizes (method and errors: docs/sizing.md)";

pub(super) const DIFF: &str = "Examples:
  dropctl record --duration 2m -o before.jsonl.gz  before the change, under load
  dropctl record --duration 2m -o after.jsonl.gz   after it, under the same load
  dropctl diff before.jsonl.gz after.jsonl.gz      improved, worse, no change, or cannot tell
  dropctl diff old-report.json.gz report.json.gz   reports in JSON hold their recordings";

pub(super) const TOP: &str = "Examples:
  dropctl top                          rings, tools, syscalls, losers, findings; ? lists the keys
  dropctl top --interval 5s            a calmer one
  dropctl top --mode passive           attach nothing to syscalls
  dropctl top --once | less            one view as plain text
  dropctl top --input node.jsonl.gz    replay a recording at its own pace: needs no rights
  NO_COLOR=1 dropctl top               without colours";

pub(super) const DOCTOR: &str = "Examples:
  sudo dropctl doctor                              try what dropctl needs, say what came of it
  dropctl doctor --format json                     for programs; code 1 if something is missing
  kubectl -n dropctl exec $POD -- /dropctl doctor  with the rights of the pod";

pub(super) const COMPLETIONS: &str = "Examples:
  dropctl completions bash > /etc/bash_completion.d/dropctl
  dropctl completions zsh > \"${fpath[1]}/_dropctl\"
  dropctl completions fish > ~/.config/fish/completions/dropctl.fish";

pub(super) const MAN: &str = "Examples:
  dropctl man report | man -l -                 read the page of a command
  dropctl man --all /usr/local/share/man/man1   install all pages";
