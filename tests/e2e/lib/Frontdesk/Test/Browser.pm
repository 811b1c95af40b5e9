package Frontdesk::Test::Browser;

# Chromium with a window like a phone's, driven by chromedriver (WebDriver, https://www.w3.org/TR/webdriver2/).

use strict;
use warnings;
use Frontdesk::Test::Support qw(start_process end_process free_port wait_for);
use HTTP::Tiny;
use JSON::PP ();

my $driver = '/usr/bin/chromedriver';
my $browser = '/usr/bin/chromium';
my $element = 'element-6066-11e4-a52e-4f735466cecf'; # what the standard calls a reference to an element

# Why there can be no browser, or nothing.
sub why_not {
    return "$driver is not there: install chromium-driver" if !-x $driver;
    return "$browser is not there: install chromium" if !-x $browser;
    return;
}

sub new {
    my ($class, $dir) = @_;
    my $port = free_port();
    my $self = bless { dir => "$dir", http => HTTP::Tiny->new(timeout => 120), url => "http://127.0.0.1:$port" }, $class;
    $self->{pid} = start_process("$dir/chromedriver.log", 'env', "HOME=$dir", "TMPDIR=$dir", $driver, "--port=$port");
    wait_for('chromedriver', sub { my $status = eval { $self->call('GET', '/status') }; $status && $status->{ready} }, 60);
    my @arguments = ('--headless=new', '--disable-gpu', '--disable-dev-shm-usage', '--window-size=390,844', "--user-data-dir=$dir/profile",
        '--no-first-run', '--disable-background-networking', $> == 0 ? '--no-sandbox' : ());
    my $session = $self->call('POST', '/session', { capabilities => { alwaysMatch => { browserName => 'chrome', 'goog:chromeOptions' => {
        binary => $browser, args => \@arguments, mobileEmulation => { deviceMetrics => { width => 390, height => 844, pixelRatio => 3, touch => JSON::PP::true } } } } } });
    $self->{session} = "/session/$session->{sessionId}";
    return $self;
}

sub call {
    my ($self, $method, $path, $body) = @_;
    my $answer = $self->{http}->request($method, "$self->{url}$path", { headers => { 'Content-Type' => 'application/json' },
        $method eq 'POST' ? (content => JSON::PP->new->utf8->encode($body // {})) : () });
    my $value = eval { JSON::PP->new->utf8->decode($answer->{content})->{value} };
    die "$method $path: $answer->{status} " . (ref $value ? $value->{message} : $answer->{content}) . "\n" if !$answer->{success};
    return $value;
}

sub in_session { my ($self, $method, $path, $body) = @_; return $self->call($method, "$self->{session}$path", $body) }

sub go { my ($self, $url) = @_; return $self->in_session('POST', '/url', { url => $url }) }
sub title { return $_[0]->in_session('GET', '/title') }
sub find { my ($self, $css) = @_; return map { $_->{$element} } @{ $self->in_session('POST', '/elements', { using => 'css selector', value => $css }) } }
sub rect { my ($self, $css) = @_; my ($found) = $self->find($css); return $self->in_session('GET', "/element/$found/rect") }
sub attribute { my ($self, $css, $name) = @_; my ($found) = $self->find($css); return $self->in_session('GET', "/element/$found/attribute/$name") }
sub click { my ($self, $css) = @_; my ($found) = $self->find($css); return $self->in_session('POST', "/element/$found/click") }
sub run { my ($self, $script, @arguments) = @_; return $self->in_session('POST', '/execute/sync', { script => $script, args => \@arguments }) }

# At one moment: an element that was found may be gone with its page.
sub text { my ($self, $css) = @_; return $self->run('return Array.from(document.querySelectorAll(arguments[0]), e => e.innerText).join("\n")', $css) }

# Waits until TEXT stands at CSS; what is asked while a page goes is no answer.
sub wait_for_text {
    my ($self, $css, $text) = @_;
    return wait_for("\"$text\"", sub { (eval { $self->text($css) } // '') eq $text });
}

sub stop {
    my ($self) = @_;
    my $pid = delete $self->{pid} or return;
    eval { $self->in_session('DELETE', '') };
    end_process($pid);
    kill 'KILL', -$pid; # a browser outlives a driver that was killed
    return;
}

sub DESTROY {
    my ($self) = @_;
    local ($?, $@, $!);
    kill 'KILL', -$self->{pid} if $self->{pid};
    return;
}

1;
