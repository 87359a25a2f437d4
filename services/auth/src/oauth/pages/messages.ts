import type { Language } from './language.ts';

/** What a page says. Names of applications and addresses come in as text and are escaped by the page. */
export interface Messages {
  readonly logIn: string;
  readonly toContinueTo: (application: string) => string;
  readonly email: string;
  readonly password: string;
  readonly wrongPassword: string;
  readonly nothingGranted: string;
  readonly rateLimited: (seconds: number) => string;
  readonly unavailable: string;
  readonly cancel: string;
  readonly consentTitle: (application: string) => string;
  readonly consentLead: (account: string) => string;
  readonly knowWhoYouAre: string;
  readonly knowYourEmail: string;
  readonly useServices: string;
  readonly useEveryService: string;
  readonly useService: (service: string) => string;
  readonly allow: string;
  readonly deny: string;
  readonly returnsTo: (origin: string) => string;
  readonly deviceTitle: string;
  readonly deviceLead: string;
  readonly deviceCode: string;
  readonly continue: string;
  readonly codeUnknown: string;
  readonly codeUsed: string;
  readonly codeExpired: string;
  readonly deviceStopped: string;
  readonly confirmDeviceTitle: (application: string) => string;
  readonly confirmDeviceLead: string;
  readonly confirmDeviceFrom: (ip: string) => string;
  readonly confirmDeviceWarning: string;
  readonly deviceDoneTitle: string;
  readonly deviceDoneLead: (application: string) => string;
  readonly logOutTitle: string;
  readonly logOutLead: (account: string) => string;
  readonly logOut: string;
  readonly stay: string;
  readonly logOutOnly: (application: string) => string;
  readonly loggedOutTitle: string;
  readonly loggedOutLead: string;
  readonly leavingTitle: string;
  readonly leavingLead: string;
  readonly errorTitle: string;
  readonly expiredTitle: string;
  readonly expiredLead: string;
  readonly errorLead: string;
  readonly busyTitle: string;
}

const en: Messages = {
  logIn: 'Log in',
  toContinueTo: (application) => `to continue to ${application}`,
  email: 'E-mail address',
  password: 'Password',
  wrongPassword: 'The e-mail address or the password is wrong.',
  nothingGranted: 'Your account may not use anything here yet. Please ask whoever manages it.',
  rateLimited: (seconds) => `Too many attempts. Please try again in ${englishTime(seconds)}.`,
  unavailable: 'Logging in does not work at the moment. Please try again shortly.',
  cancel: 'Cancel',
  consentTitle: (application) => `Allow ${application}?`,
  consentLead: (account) => `You are logged in as ${account}. If you allow it, the application can:`,
  knowWhoYouAre: 'Recognise you when you come back',
  knowYourEmail: 'See your e-mail address',
  useServices: 'Use for you',
  useEveryService: 'Use for you every service that you and it may use',
  useService: (service) => `Use the service ${service} for you`,
  allow: 'Allow',
  deny: 'Do not allow',
  returnsTo: (origin) => `Afterwards you are taken to ${origin}.`,
  deviceTitle: 'Connect a device',
  deviceLead: 'Type the code that the device shows you.',
  deviceCode: 'Code',
  continue: 'Continue',
  codeUnknown: 'There is no such code. Please compare it with the one on your device.',
  codeUsed: 'This code was used already. Please start again on your device.',
  codeExpired: 'This code is too old. Please start again on your device.',
  deviceStopped: 'The device was not connected.',
  confirmDeviceTitle: (application) => `Connect ${application}?`,
  confirmDeviceLead: 'Does your device show exactly this code?',
  confirmDeviceFrom: (ip) => `The request came from the address ${ip}.`,
  confirmDeviceWarning:
    'If somebody sent you this code or you did not start this yourself, do not connect: they would be able to use your account.',
  deviceDoneTitle: 'Connected',
  deviceDoneLead: (application) => `${application} is connected. You can close this page and go back to your device.`,
  logOutTitle: 'Log out?',
  logOutLead: (account) =>
    `You are logged in as ${account}. Logging out ends this for all applications in this browser.`,
  logOut: 'Log out',
  stay: 'Stay logged in',
  logOutOnly: (application) => `Only leave ${application}`,
  loggedOutTitle: 'Logged out',
  loggedOutLead: 'You can close this page.',
  leavingTitle: 'One more step',
  leavingLead: 'You are not logged in with this account any more.',
  errorTitle: 'This did not work',
  expiredTitle: 'This page is too old',
  expiredLead: 'The log-in took too long or was finished elsewhere. Please go back to the application and start again.',
  errorLead:
    'The application sent a request that cannot be answered. Please go back and try again; if it stays like this, tell whoever runs the application:',
  busyTitle: 'Please wait a moment',
};

const ja: Messages = {
  logIn: 'ログイン',
  toContinueTo: (application) => `${application} に進むにはログインしてください`,
  email: 'メールアドレス',
  password: 'パスワード',
  wrongPassword: 'メールアドレスまたはパスワードが正しくありません。',
  nothingGranted: 'このアカウントで利用できるサービスはまだありません。アカウントの管理者にお問い合わせください。',
  rateLimited: (seconds) => `試行回数が多すぎます。${japaneseTime(seconds)}後にもう一度お試しください。`,
  unavailable: '現在ログインできません。しばらくしてからもう一度お試しください。',
  cancel: 'キャンセル',
  consentTitle: (application) => `${application} に許可しますか？`,
  consentLead: (account) =>
    `${account} としてログインしています。許可すると、このアプリケーションは次のことができます。`,
  knowWhoYouAre: '次回からあなたを識別する',
  knowYourEmail: 'メールアドレスを見る',
  useServices: 'あなたの代わりに利用する',
  useEveryService: 'あなたとアプリケーションの両方に許可されたすべてのサービスを、あなたの代わりに利用する',
  useService: (service) => `サービス ${service} をあなたの代わりに利用する`,
  allow: '許可する',
  deny: '許可しない',
  returnsTo: (origin) => `その後 ${origin} に移動します。`,
  deviceTitle: 'デバイスを接続',
  deviceLead: 'デバイスに表示されているコードを入力してください。',
  deviceCode: 'コード',
  continue: '続ける',
  codeUnknown: 'コードが見つかりません。デバイスの表示と同じか確認してください。',
  codeUsed: 'このコードはすでに使用されています。デバイスでもう一度やり直してください。',
  codeExpired: 'コードの有効期限が切れています。デバイスでもう一度やり直してください。',
  deviceStopped: 'デバイスは接続されませんでした。',
  confirmDeviceTitle: (application) => `${application} を接続しますか？`,
  confirmDeviceLead: 'デバイスに次のコードが表示されていますか？',
  confirmDeviceFrom: (ip) => `要求元のアドレス：${ip}`,
  confirmDeviceWarning:
    '誰かから送られたコードの場合や、心当たりがない場合は接続しないでください。第三者にアカウントを使われるおそれがあります。',
  deviceDoneTitle: '接続しました',
  deviceDoneLead: (application) => `${application} を接続しました。このページを閉じて、デバイスに戻ってください。`,
  logOutTitle: 'ログアウトしますか？',
  logOutLead: (account) =>
    `${account} としてログインしています。ログアウトすると、このブラウザーのすべてのアプリケーションで終了します。`,
  logOut: 'ログアウト',
  stay: 'ログインしたままにする',
  logOutOnly: (application) => `${application} からのみログアウト`,
  loggedOutTitle: 'ログアウトしました',
  loggedOutLead: 'このページを閉じてかまいません。',
  leavingTitle: 'もう一歩です',
  leavingLead: 'このアカウントのログインは終了しています。',
  errorTitle: '処理できませんでした',
  expiredTitle: 'ページの有効期限が切れています',
  expiredLead: '時間がかかりすぎたか、別の画面で完了しています。アプリケーションに戻って、もう一度やり直してください。',
  errorLead:
    'アプリケーションからの要求を処理できませんでした。戻ってもう一度お試しください。解決しない場合は、次の内容をアプリケーションの管理者に伝えてください。',
  busyTitle: 'しばらくお待ちください',
};

const MESSAGES: Readonly<Record<Language, Messages>> = { en, ja };

export function messages(language: Language): Messages {
  return MESSAGES[language];
}

function englishTime(seconds: number): string {
  const [count, unit] = seconds < 90 ? [seconds, 'second'] : [Math.ceil(seconds / 60), 'minute'];
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}

function japaneseTime(seconds: number): string {
  return seconds < 90 ? `${seconds}秒` : `${Math.ceil(seconds / 60)}分`;
}
