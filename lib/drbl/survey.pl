# SPDX-License-Identifier: GPL-3.0-or-later
# What a DRBL server is like, for xenlab's drbl::read_records: "KEY LENGTH\n", that many bytes, "\n".
# Read by perl from standard input; the topics are its arguments. Changes nothing.
use strict;
use warnings;
$ENV{PATH} = '/usr/sbin:/usr/bin:/sbin:/bin:/usr/share/drbl/sbin:/usr/share/drbl/bin';
$ENV{LC_ALL} = 'C';
binmode STDOUT;
my %wanted = map { $_ => 1 } grep { !/=/ } @ARGV;
my %with = map { /^([a-z]+)=(.*)$/s ? ($1 => $2) : () } @ARGV;

sub record { my ($key, $text) = @_; $text //= ''; print "$key ", length $text, "\n$text\n" }
sub finish { record('end', ''); exit 0 }

sub slurp {    # at most `most` bytes from the front; nothing for what is no plain file
    my ($path, $most) = @_;
    return undef unless -f $path && open(my $in, '<:raw', $path);
    my $text = '';
    read($in, $text, $most // 65536);
    return $text;
}

sub tail {
    my ($path, $most) = @_;
    return undef unless -f $path && open(my $in, '<:raw', $path);
    my $size = -s $in;
    seek($in, $size - $most, 0) if $size > $most;
    read($in, my $text, $most);
    return $text;
}

sub output {    # of a command without a shell
    my @command = @_;
    my $pid = open(my $in, '-|') // return '';
    if (!$pid) {
        open(STDERR, '>', '/dev/null');
        open(STDIN, '<', '/dev/null');
        exec { $command[0] } @command or exit 127;
    }
    local $/;
    my $text = <$in>;
    close $in;
    return $text // '';
}

sub names { my ($folder) = @_; opendir(my $in, $folder) or return (); return sort grep { !/^\./ } readdir $in }
sub plain { my ($name) = @_; $name =~ s/[\x00-\x1f\x7f]/?/g; return $name }

my %conf = (ocsroot => '/home/partimag', ocs_lock_dir => '/var/lock/clonezilla', ocs_log_dir => '/var/log/clonezilla',
    drblroot => '/tftpboot/nodes', PXELINUX_DIR => '/tftpboot/nbi_img/pxelinux.cfg', OCSMGRD_PORT => 6461,
    GRUB_EFINB_DIR => '/tftpboot/nbi_img/grub');
for my $file ('/etc/drbl/drbl.conf', '/etc/drbl/drbl-ocs.conf') {
    for (split /\n/, slurp($file, 1 << 20) // '') {
        $conf{$1} = $2 if /^\s*(\w+)="?([\w.\/-]+)"?\s*(?:#.*)?$/ && exists $conf{$1};
    }
}
s{/+$}{} for values %conf;

my $is_drbl = -x '/usr/sbin/drbl-ocs' && -d '/usr/share/drbl';
record('drbl', $is_drbl ? 'yes' : 'no');
finish() unless $is_drbl;
record('root', $> == 0 ? 'yes' : 'no');
record('time', time);
record('ocsroot', $conf{ocsroot});
my ($total, $free) = output('df', '-B1', '--output=size,avail', $conf{ocsroot}) =~ /(\d+)\s+(\d+)\s*$/;
record('ocsroot.size', $total) if defined $total;
record('ocsroot.free', $free) if defined $free;

if ($wanted{clients}) {
    my $table = "/tmp/xenlab-drbl.$$";
    my $own = "$table." . time;    # parse_dhcpd_conf makes the file itself
    output('parse_dhcpd_conf', $own);
    record('clients.hosts', slurp($own, 4 << 20));
    unlink $own;
    record('clients.addresses', output('get-client-ip-list'));
    for my $name (names('/etc/drbl')) {
        next unless $name =~ /^(?:client-)?(?:IP|MAC)-(?:grp|group)-(.+)$/;
        record('group', plain($1));
        record('group.members', slurp("/etc/drbl/$name", 1 << 20));
    }
}

sub image {
    my ($name) = @_;
    my $folder = "$conf{ocsroot}/$name";
    return if -l $folder || !-d $folder;
    my @files = names($folder);
    my $listing = '';
    my $count = 0;
    for my $file (@files) {
        my @stat = lstat "$folder/$file";
        next unless @stat && -f _;
        last if ++$count > 20000;
        $listing .= "$stat[7] $stat[9] " . plain($file) . "\n";
    }
    return unless grep { /^(?:disk|parts|clonezilla-img|blkdev\.list|.*-pt\.(?:sf|parted)|00-pseudo-img-note\.txt)$/ } @files;
    record('image', $name);
    record('image.files', $listing);
    for my $file (grep { /^(?:disk|parts|dev-fs\.list|Info-img-id\.txt|luks-dev\.list|swappt-.*\.info|.*-pt\.(?:parted|sf))$/ } @files) {
        record('image.file', plain($file));
        record('image.text', slurp("$folder/$file", 32768));
    }
    record('image.log', (slurp("$folder/clonezilla-img", 200) // '') . "\n...\n" . (tail("$folder/clonezilla-img", 200) // ''))
        if -f "$folder/clonezilla-img";
}

if ($wanted{images}) {
    my $count = 0;
    for my $name (names($conf{ocsroot})) {
        next if defined $with{image} && $name ne $with{image};
        last if ++$count > 5000;
        image($name);
    }
}

sub label_of {    # the default entry of a PXELINUX file, and what its clients are told
    my ($text) = @_;
    my ($label, $default, $told) = ('', '', '');
    for (split /\n/, $text) {
        $label = $1 if /^\s*label\s+(\S+)/i;
        $default = $label if /^\s*MENU\s+DEFAULT/i;
        $told = $1 if $label eq 'clonezilla' && /ocs_opt="([^"]*)"/;
        $told = $1 if $label eq 'Clonezilla-live' && /ocs_live_run="(?:ocs-sr )?([^"]*)"/;
    }
    return ($default, $told);
}

sub grub_of {    # the same of a GRUB file
    my ($text) = @_;
    my ($id, $default, $told) = ('', '', '');
    for (split /\n/, $text) {
        $default = $1 if !$default && /^\s*set default="?([\w-]+)/;
        $id = /--id[ =]+(\S+)/ ? $1 : '' if /^\s*menuentry\b/;
        $told = $1 if $id eq 'clonezilla-se-client' && /ocs_opt=\\?"([^"\\]*)/;
        $told = $1 if $id eq 'clonezilla-live-client' && /ocs_live_run=\\?"(?:ocs-sr )?([^"\\]*)/;
    }
    return ($default, $told);
}

sub boot {
    my ($ip, $mac) = @_;
    my @parts = split /\./, $ip;
    my $hex = sprintf '%02X%02X%02X%02X', @parts;
    (my $dashed = "01-$mac") =~ tr/:/-/;
    for my $file ($mac ? $dashed : (), $hex, 'default') {    # the order of pxelinux.0
        my $text = slurp("$conf{PXELINUX_DIR}/$file", 1 << 20) // next;
        my ($default, $told) = label_of($text);
        record('boot', $ip);
        record('boot.file', $file);
        record('boot.default', $default);
        record('boot.told', $told);
        my $parameters = slurp("$conf{drblroot}/$ip/etc/ocs/ocs-run.param", 65536);
        record('boot.param', $parameters) if defined $parameters;
        last;
    }
    for my $file ($mac ? "grub.cfg-drbl-$mac" : (), "grub.cfg-drbl-$ip", 'grub.cfg') {    # the order of grub.cfg
        my $text = slurp("$conf{GRUB_EFINB_DIR}/$file", 1 << 20) // next;
        my ($default, $told) = grub_of($text);
        record('boot.efi', $ip);
        record('boot.efi.file', $file);
        record('boot.efi.default', $default);
        record('boot.efi.told', $told);
        last;
    }
}

sub connections {    # addresses with an open connection to a port here
    my ($port) = @_;
    my %peers;
    for my $line (split /\n/, slurp('/proc/net/tcp', 4 << 20) // '') {
        next unless $line =~ /^\s*\d+: [0-9A-F]{8}:([0-9A-F]{4}) ([0-9A-F]{8}):[0-9A-F]{4} 01 /;
        $peers{ join '.', reverse unpack 'C4', pack 'H8', $2 } = 1 if hex $1 == $port;
    }
    return sort keys %peers;
}

sub traffic {    # of each client with an open NFS connection: "IP SENT RECEIVED"
    my (%sent, %received, $peer);
    for my $line (split /\n/, output('ss', '-Htni', 'state', 'established', 'sport = :2049')) {
        $peer = $1 if $line =~ /^\s*\d+\s+\d+\s+\S+\s+(?:\[::ffff:)?([0-9.]+)\]?:\d+/;
        next unless defined $peer;
        $sent{$peer} += $line =~ /\bbytes_acked:(\d+)/ ? $1 : 0;
        $received{$peer} += $line =~ /\bbytes_received:(\d+)/ ? $1 : 0;
    }
    return join '', map { "$_ $sent{$_} $received{$_}\n" } sort keys %sent;
}

sub listening {    # kind: tcp or udp
    my ($kind) = @_;
    my %ports;
    for my $version ('', '6') {
        for my $line (split /\n/, slurp("/proc/net/$kind$version", 4 << 20) // '') {
            next unless $line =~ /^\s*\d+: [0-9A-F]+:([0-9A-F]{4}) [0-9A-F]+:[0-9A-F]{4} (..) /;
            $ports{ hex $1 } = 1 if $2 eq ($kind eq 'tcp' ? '0A' : '07');
        }
    }
    return join ' ', sort { $a <=> $b } keys %ports;
}

sub processes {    # of a program: its arguments, and bytes read so far
    my ($program) = @_;
    for my $pid (grep { /^\d+$/ } names('/proc')) {
        my $line = slurp_proc("/proc/$pid/cmdline") // next;
        my @words = split /\0/, $line;
        next unless @words && $words[0] =~ m{(?:^|/)\Q$program\E$};
        my ($read) = (slurp_proc("/proc/$pid/io") // '') =~ /^rchar: (\d+)/m;
        record('process', join ' ', map { plain($_) } @words);
        record('process.read', $read // '');
    }
}

sub slurp_proc { my ($path) = @_; open(my $in, '<:raw', $path) or return undef; read($in, my $text, 65536); return $text }

my $state = '/var/lib/xenlab-drbl';
if ($wanted{job}) {
    my $job = slurp("$state/job");
    record('job', $job) if defined $job;
    my $status = slurp("$state/status", 64);
    record('job.status', $status) if defined $status;
    record('job.output', tail('/var/log/xenlab-drbl.log', 4096));
    record('job.lock', (stat _)[9]) if -e "$conf{ocs_lock_dir}/clonezilla.lock";
    for my $line (split /\n/, $job // '') {
        boot($1, $2 // '') if $line =~ /^client=([0-9.]+)(?:\s+(\S*))?/;
        if ($line =~ /^image=([A-Za-z0-9][A-Za-z0-9._-]*)$/) {
            my ($bytes, $newest) = (0, 0);
            my $folder = "$conf{ocsroot}/$1";
            my $parts = '';
            for my $file (names($folder)) {
                my @stat = lstat "$folder/$file";
                next unless @stat && -f _;
                $bytes += $stat[7];
                $newest = $stat[9] if $stat[9] > $newest;
                $parts .= "$stat[7] $file\n" if $file =~ /\.[a-z]{2,3}$/ || $file =~ /-img/;
            }
            record('job.image.bytes', $bytes);
            record('job.image.time', $newest);
            record('job.image.parts', $parts);
            record('job.image.list', slurp("$folder/parts", 4096));
        }
    }
    # After the menus: ocsmgrd logs a client's report first and then takes the job out of its menu.
    my @log = stat "$conf{ocs_log_dir}/clonezilla-jobs.log";
    if (@log) {
        record('job.log.time', $log[9]);
        record('job.log', slurp("$conf{ocs_log_dir}/clonezilla-jobs.log", 4 << 20));
    }
    record('job.connected', join ' ', connections(2049));
    record('job.traffic', traffic());
    processes('udp-sender');
}
if ($wanted{job} || $wanted{doctor}) {
    record('listening.tcp', listening('tcp'));
    record('listening.udp', listening('udp'));
}

if ($wanted{doctor} || $wanted{programs}) {
    for my $program (qw(gzip pigz bzip2 lbzip2 lzop lzma xz lzip plzip lrzip zstd zstdmt lz4 lz4mt udp-sender partclone.restore ocs-chkimg flock setsid iptables)) {
        my ($found) = grep { -x "$_/$program" } split /:/, $ENV{PATH};
        record('program', "$program " . ($found ? 'yes' : 'no'));
    }
}
if ($wanted{doctor}) {
    record('ip_forward', slurp_proc('/proc/sys/net/ipv4/ip_forward'));
    record('deploy', slurp('/etc/drbl/drbl_deploy.conf'));
    record('ranges', scalar(() = (slurp('/etc/dhcp/dhcpd.conf', 4 << 20) // '') =~ /^\s*range\s/mg));
    record('interfaces', output('ip', '-o', '-4', 'addr', 'show', 'up'));
    my ($size, $left) = output('df', '-B1', '--output=size,avail', '/var/log') =~ /(\d+)\s+(\d+)\s*$/;
    record('log.free', $left) if defined $left;
    record('job.lock', (stat _)[9]) if !$wanted{job} && -e "$conf{ocs_lock_dir}/clonezilla.lock";
}

if ($wanted{forwards}) {
    record('forwards.rules', output('iptables', '-w', '10', '-t', 'nat', '-S'));
    my ($policy) = output('iptables', '-w', '10', '-S', 'FORWARD') =~ /^-P FORWARD (\S+)/m;
    record('forwards.policy', $policy // 'ACCEPT');
    record('forwards.saved', slurp('/etc/xenlab/drbl-forwards', 1 << 20));
    record('forwards.replay', -x '/usr/local/sbin/xenlab-drbl-forwards' && -l '/etc/systemd/system/multi-user.target.wants/xenlab-drbl-forwards.service' ? 'yes' : 'no');
    record('ip_forward', slurp_proc('/proc/sys/net/ipv4/ip_forward')) unless $wanted{doctor};
}
if (($with{reach} // '') =~ /^([0-9.]+):(\d+)$/) {
    require IO::Socket::INET;
    my $socket = IO::Socket::INET->new(PeerAddr => $1, PeerPort => $2, Proto => 'tcp', Timeout => 3);
    record('reach', $socket ? 'yes' : 'no');
}
finish();
