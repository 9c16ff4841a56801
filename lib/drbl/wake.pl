# SPDX-License-Identifier: GPL-3.0-or-later
# Wake-on-LAN: BROADCAST MAC... ("" is the broadcast address of every network of the server).
use strict;
use warnings;
use Socket;
$ENV{PATH} = '/usr/sbin:/usr/bin:/sbin:/bin';
my ($broadcast, @macs) = @ARGV;
my @targets = $broadcast ? ($broadcast) : ();
if (!$broadcast) {
    for (`ip -o -4 addr show up`) {
        next unless /inet ([0-9.]+)\/(\d+)/ && $2 < 31 && $1 !~ /^127/;
        push @targets, inet_ntoa(pack 'N', unpack('N', inet_aton($1)) | (1 << 32 - $2) - 1);
    }
}
socket(my $socket, AF_INET, SOCK_DGRAM, getprotobyname('udp')) or die "socket: $!\n";
setsockopt($socket, SOL_SOCKET, SO_BROADCAST, 1) or die "setsockopt: $!\n";
for my $mac (@macs) {
    my $address = pack 'H12', $mac =~ tr/://dr;
    my $sent = 0;
    for my $target (@targets) {
        my $packet = "\xff" x 6 . $address x 16;    # once a target; a NIC needs one
        $sent++ if defined send $socket, $packet, 0, pack_sockaddr_in(9, inet_aton($target));
    }
    die "$mac: $!\n" unless $sent;
}
