/** Words that people take for a password, without what they add to satisfy rules. Lower case, of any length. */
const WORDS = `
  password passwort passwd passw0rd pass senha parola contrasena motdepasse wachtwoord haslo heslo
  qwerty qwertyui qwertyuiop qwertz qwertzui azerty azertyui asdfgh asdfghjk asdfghjkl zxcvbn zxcvbnm
  qazwsx qazwsxedc qweasd qweasdzxc qwerasdf asdfzxcv
  admin administrator root superuser system manager operator guest user test testing tester demo default changeme
  letmein welcome hello login access secret private secure security trustno temp temporary
  iloveyou ilove lovely love loveyou mylove princess angel babygirl baby sunshine flower butterfly beautiful
  sweetheart forever chocolate cookie cupcake
  football baseball basketball soccer hockey liverpool chelsea arsenal barcelona juventus realmadrid manchester
  dragon monkey tiger eagle phoenix lion panther wolf horse dolphin mustang charlie buster shadow
  superman batman spiderman ironman starwars pokemon naruto minecraft matrix gandalf
  michael jennifer jordan jessica daniel thomas robert andrew joshua matthew nicole ashley michelle anthony william
  elizabeth alexander samantha christian benjamin victoria stephanie
  computer internet windows linux google facebook samsung apple microsoft amazon oracle cisco server database
  master killer hunter ranger maverick mercedes ferrari porsche corvette harley
  summer winter spring autumn january february march april june july august september october november december
  monday tuesday wednesday thursday friday saturday sunday
  freedom whatever blink nothing nopassword mypassword yourpassword thispassword company business
  diamond purple orange yellow silver golden rainbow startrek cheese banana pepper ginger
  london newyork tokyo berlin paris germany france america england canada australia japan china
  blessed jesus heaven church christ
  sekisho kubernetes istio envoy
`;

export const COMMON_WORDS: ReadonlySet<string> = new Set(WORDS.trim().split(/\s+/));
